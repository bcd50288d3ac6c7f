// A name for the calling thread, for those who look at the program with perf, gdb or top. Threads that it makes begin with the same.
#pragma once

namespace panicle {

void nameThread(const char* name);  // at most 15 characters

}  // namespace panicle
