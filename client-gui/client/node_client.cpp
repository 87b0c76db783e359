#include "client-gui/client/node_client.h"

#include <utility>

#include "client-gui/client/proto_values.h"
#include "shared/proto/control_frame.h"

namespace gleaner::gui {

namespace {

constexpr int retry_first_ms = 1000;
constexpr int retry_longest_ms = 5000;

Refusal went_away() {
    return {
        QStringLiteral("no_node"),
        {NodeClient::tr("The node went away before it answered. Gleaner connects again by itself: "
                        "try once more when it has."),
         {}}};
}

Refusal too_large() {
    return {QStringLiteral("invalid_argument"),
            {NodeClient::tr("That is more than the node takes at once: shorten it."), {}}};
}

Refusal unexpected() {
    return {QStringLiteral("unexpected"),
            {NodeClient::tr("The node answered something else than was asked: install the same "
                            "version of Gleaner and of the node."),
             {}}};
}

}  // namespace

NodeClient::NodeClient(std::function<QString()> socket_path, QObject* parent, Patience patience)
    : QObject(parent), path_(std::move(socket_path)), patience_(patience) {
    silence_.setSingleShot(true);
    connect(&silence_, &QTimer::timeout, this, [this] {
        socket_.abort();
        set_link(Link::absent);
    });
    retry_.setSingleShot(true);
    connect(&retry_, &QTimer::timeout, this, &NodeClient::start);
    connect(&socket_, &QLocalSocket::connected, this, &NodeClient::greet);
    connect(&socket_, &QLocalSocket::readyRead, this, &NodeClient::read_all);
    connect(&socket_, &QLocalSocket::disconnected, this, &NodeClient::lost);
    connect(
        &socket_, &QLocalSocket::errorOccurred, this, [this](QLocalSocket::LocalSocketError error) {
            if (error == QLocalSocket::SocketAccessError) {
                set_link(Link::forbidden);
            } else if (error == QLocalSocket::ServerNotFoundError ||
                       error == QLocalSocket::ConnectionRefusedError || link_ == Link::connecting) {
                set_link(Link::absent);
            }
            lost();
        });
}

NodeClient::~NodeClient() {
    socket_.disconnect(this);
}

void NodeClient::start() {
    if (socket_.state() != QLocalSocket::UnconnectedState) return;
    reader_ = std::make_unique<control::FrameReader>();
    socket_.connectToServer(path_());
}

void NodeClient::set_link(Link link) {
    if (std::exchange(link_, link) != link) Q_EMIT link_changed();
}

void NodeClient::greet() {
    silence_.setInterval(patience_.welcome_ms);
    control::ToNode hello;
    hello.mutable_hello()->set_protocol(control::protocol_version);
    hello.mutable_hello()->set_program("gleaner");
    hello.mutable_hello()->set_version(GLEANER_VERSION);
    send(std::move(hello), [this](const Answer<const control::ToProgram*>& answer) {
        const auto* message = std::get_if<const control::ToProgram*>(&answer);
        if (!message || !(*message)->has_welcome()) {
            const auto* refusal = std::get_if<Refusal>(&answer);
            if (!refusal || refusal->code == QLatin1String("unsupported"))
                set_link(Link::other_version);
            socket_.abort();
            return;
        }
        const control::Welcome& welcome = (*message)->welcome();
        node_version_ = QString::fromStdString(welcome.version());
        may_control_ = welcome.may_control();
        retry_.setInterval(retry_first_ms);
        control::ToNode subscribe;
        subscribe.mutable_subscribe();
        silence_.setInterval(patience_.answer_ms);
        send(std::move(subscribe), [](const auto&) { /* its State is taken like any other */ });
    });
}

void NodeClient::lost() {
    if (snapshot_) {
        snapshot_.reset();
        Q_EMIT snapshot_changed();
    }
    silence_.stop();
    for (auto& [id, take] : std::exchange(waiting_, {})) take(went_away());
    if (link_ == Link::connected) set_link(Link::absent);
    if (!retry_.isActive())
        retry_.start(std::min(std::max(retry_.interval() * 2, retry_first_ms), retry_longest_ms));
}

void NodeClient::read_all() {
    const QByteArray bytes = socket_.readAll();
    reader_->append({bytes.constData(), static_cast<std::size_t>(bytes.size())});
    control::ToProgram message;
    for (;;) {
        const auto more = reader_->next(message);
        if (!more) {
            set_link(Link::other_version);
            socket_.abort();
            return;
        }
        if (!more.value()) break;
        take(message);
        if (socket_.state() != QLocalSocket::ConnectedState) return;
    }
    if (waiting_.empty())
        silence_.stop();
    else
        silence_.start();
}

void NodeClient::take(const control::ToProgram& message) {
    if (message.has_state()) {
        NodeSnapshot now = from_proto(message.state());
        const bool changed = !snapshot_ || *snapshot_ != now;
        snapshot_ = std::move(now);
        set_link(Link::connected);
        if (changed) Q_EMIT snapshot_changed();
    }
    const auto waiting = waiting_.extract(message.id());
    if (!waiting) return;
    if (message.has_refusal()) {
        waiting.mapped()(Refusal{QString::fromStdString(message.refusal().code()),
                                 from_proto(message.refusal().why())});
    } else {
        waiting.mapped()(&message);
    }
}

void NodeClient::send(control::ToNode&& request, Take take) {
    if (socket_.state() != QLocalSocket::ConnectedState) {
        QTimer::singleShot(0, this, [take = std::move(take)] { take(went_away()); });
        return;
    }
    request.set_id(next_id_++);
    if (request.ByteSizeLong() > control::message_bytes_max) {
        QTimer::singleShot(0, this, [take = std::move(take)] { take(too_large()); });
        return;
    }
    waiting_.emplace(request.id(), std::move(take));
    if (!silence_.isActive()) silence_.start();
    const std::string frame = control::frame_of(request);
    socket_.write(frame.data(), static_cast<qint64>(frame.size()));
}

/// `read` takes the value out of the reply's message.
template <class T, class Read>
void NodeClient::ask(control::ToNode&& request, Then<T> then, int expected, Read read) {
    send(std::move(request),
         [context = QPointer<QObject>(then.context), call = std::move(then.call), expected,
          read](const Answer<const control::ToProgram*>& answer) {
             if (!context) return;
             if (const auto* refusal = std::get_if<Refusal>(&answer)) {
                 call(*refusal);
                 return;
             }
             const auto& reply = *std::get<const control::ToProgram*>(answer);
             if (reply.body_case() == expected)
                 call(Answer<T>(read(reply)));
             else
                 call(unexpected());
         });
}

namespace {

constexpr auto nothing = [](const control::ToProgram&) { return Nothing(); };
constexpr auto settings = [](const control::ToProgram& reply) {
    return from_proto(reply.settings());
};

}  // namespace

void NodeClient::pause(PauseUntil until, int seconds, bool snooze, Then<Nothing> then) {
    control::ToNode request;
    control::Pause& pause = *request.mutable_pause();
    pause.set_until(static_cast<control::Pause::Until>(until));
    pause.set_seconds(static_cast<std::uint32_t>(seconds));
    pause.set_snooze(snooze);
    ask(std::move(request), std::move(then), control::ToProgram::kDone, nothing);
}

void NodeClient::resume(Then<Nothing> then) {
    control::ToNode request;
    request.mutable_resume();
    ask(std::move(request), std::move(then), control::ToProgram::kDone, nothing);
}

void NodeClient::clear_failure(const QString& device, Then<Nothing> then) {
    control::ToNode request;
    request.mutable_clear_failure()->set_device(device.toStdString());
    ask(std::move(request), std::move(then), control::ToProgram::kDone, nothing);
}

void NodeClient::get_settings(Then<Settings> then) {
    control::ToNode request;
    request.mutable_get_settings();
    ask(std::move(request), std::move(then), control::ToProgram::kSettings, settings);
}

void NodeClient::set_settings(const Wishes& local, Then<Settings> then) {
    control::ToNode request;
    *request.mutable_set_settings()->mutable_local() = to_proto(local);
    ask(std::move(request), std::move(then), control::ToProgram::kSettings, settings);
}

void NodeClient::describe(const Wishes& wishes, Then<Sentence> then) {
    control::ToNode request;
    *request.mutable_describe()->mutable_wishes() = to_proto(wishes);
    ask(std::move(request), std::move(then), control::ToProgram::kSentence,
        [](const control::ToProgram& reply) { return from_proto(reply.sentence()); });
}

void NodeClient::start_benchmark(const QString& device, int soak_seconds, Then<Nothing> then) {
    control::ToNode request;
    request.mutable_start_benchmark()->set_device(device.toStdString());
    request.mutable_start_benchmark()->set_soak_seconds(static_cast<std::uint32_t>(soak_seconds));
    ask(std::move(request), std::move(then), control::ToProgram::kDone, nothing);
}

void NodeClient::cancel_benchmark(Then<Nothing> then) {
    control::ToNode request;
    request.mutable_cancel_benchmark();
    ask(std::move(request), std::move(then), control::ToProgram::kDone, nothing);
}

void NodeClient::check_sandbox(Then<SandboxReport> then) {
    control::ToNode request;
    request.mutable_check_sandbox();
    ask(std::move(request), std::move(then), control::ToProgram::kSandbox,
        [](const control::ToProgram& reply) { return from_proto(reply.sandbox()); });
}

void NodeClient::read_log(std::uint64_t before, int count, const QString& contains,
                          Then<QList<LogLine>> then) {
    control::ToNode request;
    control::ReadLog& read = *request.mutable_read_log();
    read.set_before(before);
    read.set_count(static_cast<std::uint32_t>(count));
    read.set_contains(contains.toStdString());
    ask(std::move(request), std::move(then), control::ToProgram::kLog,
        [](const control::ToProgram& reply) { return from_proto(reply.log()); });
}

void NodeClient::get_earnings(int days, Then<Earnings> then) {
    control::ToNode request;
    request.mutable_get_earnings()->set_days(static_cast<std::uint32_t>(days));
    ask(std::move(request), std::move(then), control::ToProgram::kEarnings,
        [](const control::ToProgram& reply) { return from_proto(reply.earnings()); });
}

void NodeClient::read_sent(Then<QList<SentField>> then) {
    control::ToNode request;
    request.mutable_read_sent();
    ask(std::move(request), std::move(then), control::ToProgram::kSent,
        [](const control::ToProgram& reply) { return from_proto(reply.sent()); });
}

void NodeClient::read_consent(const OwnerAccess& owner, Then<Consent> then) {
    control::ToNode request;
    *request.mutable_read_consent()->mutable_owner() = to_proto(owner);
    ask(std::move(request), std::move(then), control::ToProgram::kConsent,
        [](const control::ToProgram& reply) { return from_proto(reply.consent()); });
}

void NodeClient::join(const JoinRequest& join, Then<Nothing> then) {
    control::ToNode request;
    *request.mutable_join() = to_proto(join);
    ask(std::move(request), std::move(then), control::ToProgram::kDone, nothing);
}

void NodeClient::leave(bool keep_models, Then<Nothing> then) {
    control::ToNode request;
    request.mutable_leave()->set_keep_models(keep_models);
    ask(std::move(request), std::move(then), control::ToProgram::kDone, nothing);
}

void NodeClient::make_report(Then<QString> then) {
    control::ToNode request;
    request.mutable_make_report();
    ask(std::move(request), std::move(then), control::ToProgram::kReport,
        [](const control::ToProgram& reply) {
            return QString::fromStdString(reply.report().text());
        });
}

}  // namespace gleaner::gui
