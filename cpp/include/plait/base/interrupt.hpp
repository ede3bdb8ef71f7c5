// Ctrl-C: long loops call poll_interrupt() often; it calls the host's (Python's) hook at most every 20 ms.
#pragma once

namespace plait {

/// The host's hook: true if the user has asked to stop. Called without locks held, from the polling thread only.
using InterruptHook = bool (*)();

/// Installed once by the bindings; nullptr means that nothing ever interrupts.
void set_interrupt_hook(InterruptHook hook);

/// Throws Interrupted if the user has asked to stop. Cheap (a clock read); calls the hook at most every 20 ms per thread.
/// Worker threads of the pool may call it too: there it throws once the calling thread has been interrupted.
void poll_interrupt();

}  // namespace plait
