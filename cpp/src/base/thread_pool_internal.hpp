// What interrupt.cpp needs to know of the pool; not part of the public headers.
#pragma once

namespace plait {

bool on_worker_thread();
bool current_job_cancelled();

}  // namespace plait
