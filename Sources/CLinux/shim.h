// System calls that glibc declares only under _GNU_SOURCE, which the importer does not define.
int renameat2(int old_directory, const char *old_path, int new_directory, const char *new_path,
              unsigned int flags);
