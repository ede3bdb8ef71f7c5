/// The instructions of x86-64 by name, where the compiler has them; GCC warns of values that its own header calls undefined (PR 105593).
#pragma once

#if defined(__SSE2__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif
