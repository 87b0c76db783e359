#pragma once
/// Gives back memory that only the start, or work that is over, needed.

namespace gleaner {

/// Unmaps pages of program text and constants (they stay in the system's cache as long as there is
/// room, and come back when they are run) and returns free heap. Takes milliseconds; any thread.
/// Where the system cannot do it, nothing happens.
void trim_memory();

}  // namespace gleaner
