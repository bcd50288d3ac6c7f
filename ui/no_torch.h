// Included into every file of ui by force: the window knows core only by its torch-free headers.
#pragma once

#pragma GCC poison torch c10
