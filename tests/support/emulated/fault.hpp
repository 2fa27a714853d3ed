#pragma once

namespace brink::emulated {

/// Makes accesses to unmapped memory, after which the program ends, say which thread of which
/// kernel made them. The address sanitizer has reports of its own, which are left alone.
void report_faults();

}  // namespace brink::emulated
