#pragma once
/// Whether the desktop has announced a place for icons, without asking Qt, which keeps a "no".

namespace gleaner::gui {

/// On the session's message bus, where the trays of today's Linux desktops say so; an older tray is
/// not seen. Other systems always have one.
[[nodiscard]] bool desktop_tray_announced();

}  // namespace gleaner::gui
