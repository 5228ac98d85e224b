// Linked into the binding, whose initialisers run after those of all libraries it needs: see quiet-start.c.
extern "C" void distill_lab_restore_stderr(void);

__attribute__((constructor)) static void restore_stderr() { distill_lab_restore_stderr(); }
