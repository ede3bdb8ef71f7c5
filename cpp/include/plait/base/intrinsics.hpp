/// x86-64 intrinsics, where available, without GCC's false warnings about undefined values in its own header (PR 105593).
#pragma once

#if defined(__SSE2__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif
