#include "client-gui/models/settings_draft.h"

namespace gleaner::gui {

namespace {

/// A person who types or drags is not answered at each step.
constexpr int quiet_ms = 150;

}  // namespace

SettingsDraft::SettingsDraft(NodeClient& node, QObject* parent) : QObject(parent), node_(node) {
    asking_.setSingleShot(true);
    asking_.setInterval(quiet_ms);
    connect(&asking_, &QTimer::timeout, this, &SettingsDraft::ask_meaning);
}

void SettingsDraft::load() {
    node_.get_settings({this, [this](const Answer<Settings>& answer) {
                            if (const auto* settings = std::get_if<Settings>(&answer)) {
                                take(*settings);
                                return;
                            }
                            meaning_ = text(std::get<Refusal>(answer).why);
                            Q_EMIT meaning_changed();
                        }});
}

void SettingsDraft::take(const Settings& settings) {
    const bool keep = changed();
    saved_ = settings;
    loaded_ = true;
    if (keep) {
        asking_.start();  // the last answer may have been that the node was away
    } else {
        wishes_ = settings.local;
        meaning_ = text(settings.means);
        sound_ = true;
    }
    Q_EMIT settings_came();
    Q_EMIT wishes_changed();
    Q_EMIT meaning_changed();
}

void SettingsDraft::set(const Wishes& wishes) {
    if (wishes == wishes_) return;
    wishes_ = wishes;
    asking_.start();
    Q_EMIT wishes_changed();
}

void SettingsDraft::ask_meaning() {
    node_.describe(wishes_, {this, [this, asked = wishes_](const Answer<Sentence>& answer) {
                                 if (asked != wishes_) return;
                                 const auto* refusal = std::get_if<Refusal>(&answer);
                                 sound_ = refusal == nullptr;
                                 meaning_ =
                                     text(refusal ? refusal->why : std::get<Sentence>(answer));
                                 Q_EMIT meaning_changed();
                             }});
}

void SettingsDraft::save() {
    node_.set_settings(wishes_, {this, [this, asked = wishes_](const Answer<Settings>& answer) {
                                     if (const auto* refusal = std::get_if<Refusal>(&answer)) {
                                         Q_EMIT save_refused(text(refusal->why));
                                         return;
                                     }
                                     saved_.local = asked;
                                     take(std::get<Settings>(answer));
                                 }});
}

}  // namespace gleaner::gui
