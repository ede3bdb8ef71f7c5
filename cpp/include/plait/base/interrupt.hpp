// Ctrl-C: long loops call poll_interrupt() often; it asks the host (Python) at most every 20 ms.
#pragma once

namespace plait {

/// The host's question "has the user asked to stop?". Called without locks held, from the polling thread only.
using InterruptHook = bool (*)();

/// Installed once by the bindings; nullptr means that nothing ever interrupts.
void set_interrupt_hook(InterruptHook hook);

/// Throws Interrupted if the user has asked to stop. Cheap (a clock read); asks the hook at most every 20 ms per thread.
/// Worker threads of the pool may call it too: there it throws once the calling thread has been interrupted.
void poll_interrupt();

}  // namespace plait
