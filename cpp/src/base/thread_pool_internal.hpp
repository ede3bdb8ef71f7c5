// The part of the pool that interrupt.cpp uses; not public.
#pragma once

namespace plait {

bool on_worker_thread();
bool current_job_cancelled();

}  // namespace plait
