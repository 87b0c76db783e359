/// Guest settings from a file that people edit and from the local socket: what is accepted is
/// within its bounds and comes back the same from both forms.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "client-core/control/guest_settings.h"
#include "shared/proto/control.pb.h"

namespace {

using gleaner::guest::Settings;

void survives_both_forms(const Settings& settings) {
    if (!gleaner::guest::check(settings)) std::abort();
    const auto from_file =
        gleaner::settings_from_toml(gleaner::settings_to_toml(settings), "its own text");
    if (!from_file || from_file.value() != settings) std::abort();
    const auto from_socket = gleaner::from_wishes(gleaner::to_wishes(settings));
    if (!from_socket || from_socket.value() != settings) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    // The first byte chooses the form, so that one corpus serves both.
    if (bytes[0] % 2 == 0) {
        const auto settings = gleaner::settings_from_toml(text, "the input");
        if (settings) survives_both_forms(settings.value());
        return 0;
    }
    gleaner::control::Wishes wishes;
    if (!wishes.ParseFromString(text)) return 0;
    const auto settings = gleaner::from_wishes(wishes);
    if (settings) survives_both_forms(settings.value());
    return 0;
}
