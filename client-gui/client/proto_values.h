#pragma once
/// control.proto's messages as the client's plain values and back. Pure.

#include "client-gui/client/node_snapshot.h"
#include "shared/proto/control.pb.h"

namespace gleaner::gui {

[[nodiscard]] Sentence from_proto(const control::Sentence& sentence);
[[nodiscard]] NodeSnapshot from_proto(const control::State& state);
[[nodiscard]] Wishes from_proto(const control::Wishes& wishes);
[[nodiscard]] Settings from_proto(const control::Settings& settings);
[[nodiscard]] SandboxReport from_proto(const control::SandboxReport& report);
[[nodiscard]] QList<LogLine> from_proto(const control::LogPage& page);
[[nodiscard]] Earnings from_proto(const control::Earnings& earnings);
[[nodiscard]] QList<SentField> from_proto(const control::Sent& sent);
[[nodiscard]] Consent from_proto(const control::Consent& consent);

[[nodiscard]] control::Wishes to_proto(const Wishes& wishes);
[[nodiscard]] control::OwnerAccess to_proto(const OwnerAccess& owner);
[[nodiscard]] control::Join to_proto(const JoinRequest& request);

}  // namespace gleaner::gui
