#pragma once
/// The tray app's only way to the node: its local socket (control.proto), asked without ever
/// waiting. Connects, subscribes, comes back by itself when the node restarts. Decides nothing and
/// keeps nothing but the node's last word. GUI thread only.

#include <QLocalSocket>
#include <QPointer>
#include <QTimer>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <variant>

#include "client-gui/client/node_snapshot.h"

namespace gleaner::control {
class FrameReader;
class ToNode;
class ToProgram;
}  // namespace gleaner::control

namespace gleaner::gui {

/// Why the node did not do what was asked.
struct Refusal {
    QString code;  ///< an ErrorCode's name; "no_node" when it went away before it answered
    Sentence why;
};
struct Nothing {};
template <class T>
using Answer = std::variant<T, Refusal>;

/// What becomes of an answer. Not called once `context` is gone; called exactly once otherwise.
template <class T>
struct Then {
    QObject* context;
    std::function<void(const Answer<T>&)> call;
};

enum class Link : std::uint8_t {
    connecting,
    absent,         ///< nothing listens: the node does not run
    forbidden,      ///< this user may not even look
    other_version,  ///< it speaks another protocol
    connected
};

enum class PauseUntil : std::uint8_t { resumed, seconds, tomorrow };

/// How long a node may be silent before it counts as hung.
struct Patience {
    int welcome_ms = 5'000;
    int answer_ms = 90'000;  ///< joining may take a minute
};

class NodeClient final : public QObject {
    Q_OBJECT

public:
    /// `socket_path` is asked at each attempt: the node may be installed meanwhile.
    explicit NodeClient(std::function<QString()> socket_path, QObject* parent = nullptr,
                        Patience patience = {});
    ~NodeClient() override;

    /// Connects now and from then on whenever the connection is lost.
    void start();

    [[nodiscard]] Link link() const { return link_; }
    /// The node's own version; empty before it was reached.
    [[nodiscard]] const QString& node_version() const { return node_version_; }
    /// May this user change anything? Else requests are refused.
    [[nodiscard]] bool may_control() const { return may_control_; }
    /// Nothing unless connected.
    [[nodiscard]] const std::optional<NodeSnapshot>& snapshot() const { return snapshot_; }

    void pause(PauseUntil until, int seconds, bool snooze, Then<Nothing> then);
    void resume(Then<Nothing> then);
    void clear_failure(const QString& device, Then<Nothing> then);
    void get_settings(Then<Settings> then);
    void set_settings(const Wishes& local, Then<Settings> then);
    /// What these wishes would mean, in words.
    void describe(const Wishes& wishes, Then<Sentence> then);
    void start_benchmark(const QString& device, int soak_seconds, Then<Nothing> then);
    void cancel_benchmark(Then<Nothing> then);
    void check_sandbox(Then<SandboxReport> then);
    /// The newest `count` lines (at most 500) before number `before` (0: the newest), newest last.
    void read_log(std::uint64_t before, int count, const QString& contains,
                  Then<QList<LogLine>> then);
    void get_earnings(int days, Then<Earnings> then);
    void read_sent(Then<QList<SentField>> then);
    void read_consent(const OwnerAccess& owner, Then<Consent> then);
    void join(const JoinRequest& request, Then<Nothing> then);
    void leave(bool keep_models, Then<Nothing> then);
    void make_report(Then<QString> then);

Q_SIGNALS:
    void link_changed();
    void snapshot_changed();

private:
    using Take = std::function<void(const Answer<const control::ToProgram*>&)>;

    /// A reply other than `expected`, a ToProgram's body case, is a Refusal "unexpected".
    template <class T, class Read>
    void ask(control::ToNode&& request, Then<T> then, int expected, Read read);
    void send(control::ToNode&& request, Take take);
    void greet();
    void read_all();
    void take(const control::ToProgram& message);
    void lost();
    void set_link(Link link);

    std::function<QString()> path_;
    QLocalSocket socket_;
    QTimer retry_;
    Patience patience_;
    QTimer silence_;  ///< runs while something is waited for
    std::unique_ptr<control::FrameReader> reader_;
    std::map<std::uint64_t, Take> waiting_;
    std::uint64_t next_id_ = 1;
    Link link_ = Link::connecting;
    QString node_version_;
    bool may_control_ = false;
    std::optional<NodeSnapshot> snapshot_;
};

}  // namespace gleaner::gui
