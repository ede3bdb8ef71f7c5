// Which instruction set the hot loops run with: chosen once at load, PLAIT_ISA=v2|v3|v4 overrides.
//
// Files in src/<module>/isa/ are compiled once per level with PLAIT_ISA_NS set to v2, v3 or v4 (baseline elsewhere than on x86-64: only v2).
// Such a file puts everything into `namespace plait::<module>::PLAIT_ISA_NS` or an anonymous namespace, and must not call templates or inline
// functions of the standard library that the linker could share with ordinary code (no std::vector, no std::function, no iostream):
// the linker keeps one copy, and it might keep the one that needs AVX-512.
// It exports one table of function pointers; the dispatcher beside it picks with PLAIT_PICK.
#pragma once

namespace plait {

enum class Isa { v2 = 0, v3 = 1, v4 = 2 };

/// The level in use (best supported by this CPU unless PLAIT_ISA says otherwise; an unknown or unsupported value is refused).
Isa isa();
const char* isa_name(Isa level);
/// True if this CPU and this build have the level.
bool isa_supported(Isa level);

}  // namespace plait

/// Declares `const Table& name();` in each level's namespace. Use at the module's namespace scope; PLAIT_PICK there, too.
#if defined(__x86_64__)
#define PLAIT_DECLARE_TABLE(Table, name) \
  namespace v2 {                         \
  const Table& name();                   \
  }                                      \
  namespace v3 {                         \
  const Table& name();                   \
  }                                      \
  namespace v4 {                         \
  const Table& name();                   \
  }
#define PLAIT_PICK(name) (::plait::isa() == ::plait::Isa::v4 ? v4::name() : ::plait::isa() == ::plait::Isa::v3 ? v3::name() : v2::name())
#else
#define PLAIT_DECLARE_TABLE(Table, name) \
  namespace v2 {                         \
  const Table& name();                   \
  }
#define PLAIT_PICK(name) (v2::name())
#endif
