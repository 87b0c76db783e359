#pragma once
/// What a person is changing in "When to run" and has not saved yet, beside what is in force. The
/// words for what it would mean come from the node. Lives as long as the program: pages that show
/// it come and go, as with another language.

#include <QObject>
#include <QTimer>

#include "client-gui/client/node_client.h"

namespace gleaner::gui {

class SettingsDraft final : public QObject {
    Q_OBJECT

public:
    SettingsDraft(NodeClient& node, QObject* parent);

    /// Reads the node's settings; a draft that was changed is kept.
    void load();
    [[nodiscard]] bool loaded() const { return loaded_; }
    [[nodiscard]] const Settings& saved() const { return saved_; }
    [[nodiscard]] const Wishes& wishes() const { return wishes_; }
    [[nodiscard]] bool changed() const { return loaded_ && wishes_ != saved_.local; }

    void set(const Wishes& wishes);
    void revert() { set(saved_.local); }
    void save();

    /// What the draft would mean, or what is wrong with it (then `sound()` is false).
    [[nodiscard]] const QString& meaning() const { return meaning_; }
    [[nodiscard]] bool sound() const { return sound_; }

Q_SIGNALS:
    /// The wishes are others than before, by the person or by the node.
    void wishes_changed();
    void meaning_changed();
    /// They came from the node: on load, after saving.
    void settings_came();
    void save_refused(const QString& why);

private:
    void take(const Settings& settings);
    void ask_meaning();

    NodeClient& node_;
    Settings saved_;
    Wishes wishes_;
    bool loaded_ = false;
    QTimer asking_;
    QString meaning_;
    bool sound_ = true;
};

}  // namespace gleaner::gui
