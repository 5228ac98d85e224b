// Keeps signals away from the threads that multiply matrices. oneDNN's AVX-512 kernels (TensorFlow 2.21) use the
// stack pointer as an ordinary register that points into a buffer on the heap: a signal handler that runs
// meanwhile on such a thread writes its frame over the heap, and the process aborts with "corrupted size vs.
// prev_size". Ctrl-C, a resized terminal or an ended child process is enough. So the thread that loads
// TensorFlow, and with it every thread that TensorFlow starts later, blocks all signals but those of its own
// faults, and a thread that does nothing else takes them. Node's handlers only write to a pipe and may run on
// any thread.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <initializer_list>

static void *take_signals(void *) {
  for (;;) pause();
  return nullptr;
}

__attribute__((constructor)) static void divert_signals() {
  pthread_t thread;
  // Started first: it must not inherit the mask.
  if (pthread_create(&thread, nullptr, take_signals, nullptr) != 0) return;
  pthread_detach(thread);
  sigset_t diverted;
  sigfillset(&diverted);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&diverted, fault);
  pthread_sigmask(SIG_BLOCK, &diverted, nullptr);
}
