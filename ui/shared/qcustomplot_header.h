// qcustomplot.h says `signals`, `slots`, `emit` and `foreach`, which QT_NO_KEYWORDS takes away; they are lent for that one
// header. Include this from the .cpp files of the plots alone: it takes seconds to compile.
#pragma once

#include <QObject>

#define signals Q_SIGNALS
#define slots Q_SLOTS
#define emit Q_EMIT
#define foreach Q_FOREACH
#include <qcustomplot.h>
#undef signals
#undef slots
#undef emit
#undef foreach
