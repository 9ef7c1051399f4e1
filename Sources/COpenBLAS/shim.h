// The parts of OpenBLAS that the package calls: CBLAS, thread control, and LAPACK's symmetric
// eigensolver (declared here because Debian's libopenblas-dev ships no LAPACK header).
#include <cblas.h>

void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda,
             double *w, double *work, const int *lwork, int *iwork, const int *liwork, int *info);
void ssyevd_(const char *jobz, const char *uplo, const int *n, float *a, const int *lda, float *w,
             float *work, const int *lwork, int *iwork, const int *liwork, int *info);
