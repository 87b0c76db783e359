#pragma once
/// Gleaner's mark, an ear of grain, in the colour of a state and with a sign of it, so that the
/// state does not rest on colour alone. Painted: sharp at every size.

#include <QIcon>

#include "client-gui/models/wording.h"

namespace gleaner::gui {

[[nodiscard]] QIcon badge_icon(Badge badge);

}  // namespace gleaner::gui
