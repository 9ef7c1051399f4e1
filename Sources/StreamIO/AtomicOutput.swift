// placeholder: AtomicFile and AtomicDirectory
