// Which threads come first where there are more of them than cores. (QThread's priorities do nothing under Linux's usual scheduler; there the
// nice value is each thread's own.)
#pragma once

namespace panicle {

// The calling thread steps back by as much (19: it takes what others leave; threads that it makes step back as well). Elsewhere than on Linux
// nothing happens.
void stepBack(int niceness);

}  // namespace panicle
