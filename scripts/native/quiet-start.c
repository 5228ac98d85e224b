// TensorFlow 2.21 writes two lines about oneDNN to stderr while its library is being loaded, before it
// reads TF_CPP_MIN_LOG_LEVEL, so no setting silences them. The dynamic linker initialises this tiny
// library first (-z initfirst): from level 2 on it points stderr at /dev/null. The binding, which is
// initialised last, puts stderr back (quiet-end.c). At lower levels, or unset, nothing is hidden.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int saved_stderr = -1;

__attribute__((constructor)) static void silence_stderr(void) {
  const char *level = getenv("TF_CPP_MIN_LOG_LEVEL");
  if (level == NULL || atoi(level) < 2) return;
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return;
  saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (saved_stderr >= 0) dup2(nowhere, STDERR_FILENO);
  close(nowhere);
}

void distill_lab_restore_stderr(void) {
  if (saved_stderr < 0) return;
  dup2(saved_stderr, STDERR_FILENO);
  close(saved_stderr);
  saved_stderr = -1;
}
