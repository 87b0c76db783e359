#include "coordinator/gateway/subprotocol.h"

#include <charconv>
#include <optional>

#include "shared/proto/wire_check.h"

namespace gleaner::gateway {

namespace {

constexpr std::string_view family = "gleaner.v";

std::optional<std::uint32_t> version_of(std::string_view name) {
    if (!name.starts_with(family)) return std::nullopt;
    name.remove_prefix(family.size());
    std::uint32_t version = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    return version;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

Status check_protocol(std::uint32_t offered) {
    if (offered == wire::protocol_version) return ok();
    const bool node_is_newer = offered > wire::protocol_version;
    return Error(ErrorCode::unsupported, "the node speaks protocol " + std::to_string(offered) +
                                             ", this coordinator protocol " +
                                             std::to_string(wire::protocol_version) + ": upgrade " +
                                             (node_is_newer ? "the coordinator" : "gleaner-node"));
}

Result<std::string> choose_subprotocol(std::string_view offered) {
    std::optional<std::uint32_t> nearest;
    while (!offered.empty()) {
        const auto comma = offered.find(',');
        const auto name = trimmed(offered.substr(0, comma));
        offered.remove_prefix(comma == std::string_view::npos ? offered.size() : comma + 1);
        if (name == wire::subprotocol) return std::string(name);
        if (const auto version = version_of(name)) nearest = version;
    }
    if (!nearest) {
        return Error(
            ErrorCode::invalid_argument,
            "a node session needs the WebSocket subprotocol " + std::string(wire::subprotocol));
    }
    GLEANER_TRY(check_protocol(*nearest));
    return Error(ErrorCode::invalid_argument, "the WebSocket subprotocol is misspelt");
}

}  // namespace gleaner::gateway
