#pragma once
/// The node: one session with the coordinator after another, the models it was told to load, and
/// the work loop between them.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>

#include "client-core/cache/artefact_cache.h"
#include "client-core/cache/traffic_meter.h"
#include "client-core/cache/worker.h"
#include "client-core/platform/sandbox.h"
#include "client-core/runtime/credentials.h"
#include "client-core/runtime/data_folder.h"
#include "client-core/runtime/device_inventory.h"
#include "client-core/runtime/dial.h"
#include "client-core/runtime/gateway_source.h"
#include "client-core/runtime/model_host.h"
#include "client-core/runtime/node_options.h"
#include "client-core/runtime/peer_server.h"
#include "client-core/runtime/peer_source.h"
#include "client-core/runtime/sandbox_trust.h"
#include "client-core/runtime/speed_book.h"
#include "client-core/runtime/work_executor.h"
#include "shared/async/notification.h"
#include "shared/async/task_group.h"

namespace gleaner {

namespace wire {
class BenchmarkVerdict;
class LoadModel;
class NodeMoney;
class ToNode;
class Welcome;
}  // namespace wire

class Applicant;
class SessionConnection;

/// What the owner's policy lets the node do with a device.
struct DeviceOrder {
    enum class Use : std::uint8_t {
        run,
        throttle,  ///< one request at a time, a quarter of the time
        suspend,   ///< stopped, with what it has in memory
        release,   ///< stopped, and its memory is free
    };
    Use use = Use::run;
    std::string reason;  ///< of anything but run; for the coordinator, English
    friend bool operator==(const DeviceOrder&, const DeviceOrder&) = default;
    [[nodiscard]] bool pauses() const { return use == Use::suspend || use == Use::release; }
};

/// Told on the executor, never from inside a call to the node.
class NodeObserver {
public:
    virtual ~NodeObserver() = default;
    /// Its view() differs.
    virtual void node_changed() = 0;
    /// A model failed there for good: `why` says what to do.
    virtual void device_failed(const std::string& device, const std::string& why) = 0;
    /// The owner's settings for all machines of the site, TOML; empty: none.
    virtual void site_policy(const std::string& toml) = 0;
    /// A session has begun.
    virtual void connected() = 0;
    /// This is told to the coordinator to be let in.
    virtual void enrolling(const Applicant& applicant) = 0;
    /// It goes to the coordinator as it is.
    virtual void message_sent(const wire::ToCoordinator& message) = 0;
    virtual void benchmark_verdict(const wire::BenchmarkVerdict& verdict) = 0;
    virtual void money_told(const wire::NodeMoney& money) = 0;
};

/// What a node is made of before it runs. What is referred to outlives it.
struct NodeParts {
    NodeOptions options;
    const DataFolder& folder;
    GatewayAddress address;
    std::vector<NodeDevice> devices;
    std::string hardware_fingerprint;
    std::string token;  ///< empty: only an identity that is there already can be used
    Sandbox& sandbox;
    NodeObserver& observer;
};

/// What a node does at the moment.
struct NodeView {
    enum class Session : std::uint8_t { enrolling, connecting, connected, stopping };
    struct Model {
        Sha256 sha256;
        std::string device;
        ModelHost::Phase phase = ModelHost::Phase::downloading;
        std::string problem;
        double tokens_per_s = 0;  ///< generated, of late
    };
    Session session = Session::connecting;
    std::string problem;  ///< why it is not connected; empty: it is, or has not tried yet
    NodeId node;
    SiteId site;
    std::vector<NodeDevice> devices;
    std::vector<Model> models;
    work::WorkLoop::Counts counts;
    WorkTotals totals;
    WorkExecutor::RunningByEndpoint running{};
    ArtefactCache::DiskUse disk;
};

/// Single-threaded.
class Node final : private WorkPorts, private ModelHostEvents {
public:
    Node(NodeParts parts, const Clock& clock, const boost::asio::any_io_executor& executor);
    ~Node() override;

    /// Enrols if need be and works until stop(), or until nothing that the node can do would help:
    /// then the error says what the owner can do.
    [[nodiscard]] boost::asio::awaitable<Status> run();
    /// Hands unfinished work back after the grace, says goodbye; run() then returns.
    void stop();
    /// What is paused stops computing before this returns; unfinished work is handed back. Devices
    /// not named run.
    void obey(std::map<std::string, DeviceOrder> orders, work::IdleForecast forecast);
    /// Never more than the node's own options gave; 0: as much as they gave. Models on the
    /// processor that run with more are loaded anew.
    void limit_processor(std::uint32_t threads, std::uint64_t memory_bytes);
    /// What downloads may cost the owner's line, and the cache his disk: never more disk than the
    /// node's own options gave; 0: as much as they gave.
    void set_limits(const TrafficLimits& limits, std::uint64_t disk_quota);
    /// There is a session, with a coordinator that takes reports and tells of money.
    [[nodiscard]] bool has_accountant() const;
    /// A benchmark; nothing is sent without an accountant, and so with the next.
    void hand_in(const std::string& signed_report);
    /// Of the last `days`.
    void ask_for_money(std::uint32_t days);
    /// What artefacts have cost the line.
    [[nodiscard]] const TrafficMeter& traffic() const { return traffic_; }
    [[nodiscard]] NodeView view() const;
    /// The model that worked last; it may be evicted meanwhile.
    [[nodiscard]] const BenchModel& bench_model() const { return bench_model_; }

private:
    struct HostedModel {
        std::unique_ptr<ModelHost> host;
        bool running = true;
        bool stopping = false;
        std::optional<ModelOrder> next;  ///< ordered again while the old engine still ends
    };

    // WorkPorts
    void send(const wire::ToCoordinator& message) override;
    [[nodiscard]] std::shared_ptr<EngineProcess> engine_of(const Sha256& model) override;
    [[nodiscard]] std::uint64_t disk_free_bytes() const override;
    void shut_down_complete() override;
    // ModelHostEvents
    void model_changed(const ModelHost& host) override;

    // ---- node.cpp: from identity to the end ----
    [[nodiscard]] boost::asio::awaitable<void> live();
    [[nodiscard]] boost::asio::awaitable<Status> become_someone();
    [[nodiscard]] boost::asio::awaitable<Status> enrol_anew();
    /// Shows the certificate of credentials_ from now on.
    [[nodiscard]] Status use_identity();
    void share_models();
    [[nodiscard]] Status adopt(Credentials credentials);
    [[nodiscard]] boost::asio::awaitable<Status> work();
    /// Decides what follows a session that ended by this: an error ends the node.
    [[nodiscard]] boost::asio::awaitable<Status> after_session(Error ended);
    void measure_devices();
    void write_status(std::string_view state);
    /// Enters the status: for the file, and for the observer.
    void enter(NodeView::Session session, std::string problem = {});
    void tell_observer();
    void on_site_policy(const std::string& toml);

    // ---- node_session.cpp: one session ----
    [[nodiscard]] boost::asio::awaitable<Status> session();
    [[nodiscard]] boost::asio::awaitable<Status> converse();
    [[nodiscard]] boost::asio::awaitable<void> heartbeats(Duration interval);
    [[nodiscard]] boost::asio::awaitable<void> renewals();
    void say_hello();
    void on_welcome(const wire::Welcome& welcome);
    [[nodiscard]] Status on_message(wire::ToNode&& message);
    void tell(std::function<void(NodeObserver&)> what);
    [[nodiscard]] Error on_disenrolled(const std::string& reason);
    void on_renewed(std::string certificate_pem, std::uint32_t renew_after_s);

    // ---- node_devices.cpp: which GPUs the engine computes on ----
    /// Asks the session's engine, unless it has been asked; `backend`: the devices of that kind.
    /// Ends the session when the coordinator must be told of other devices.
    [[nodiscard]] boost::asio::awaitable<void> search_devices(std::string backend);
    [[nodiscard]] boost::asio::awaitable<Result<InstalledEngine>> fetch_engine(
        WantedArtefact wanted);
    [[nodiscard]] boost::asio::awaitable<NodeDevice> ask_about(std::filesystem::path engine_dir,
                                                               NodeDevice device);
    void announce_devices();

    // ---- node_models.cpp: models come and go ----
    void load_model(const wire::LoadModel& order);
    void unload_model(const Sha256& sha256);
    void refuse_model(const wire::LoadModel& order, const std::string& why);
    void report_absent(const wire::LoadModel& order);
    void host(ModelOrder order);
    [[nodiscard]] boost::asio::awaitable<void> host_model(Sha256 sha256);
    void report(const ModelHost& host);
    [[nodiscard]] bool uses_gpu() const;

    // ---- node_owner_first.cpp: a device that its owner wants is given back ----
    [[nodiscard]] const DeviceOrder& order_for(const std::string& device) const;
    /// A ready model takes work, as much as the order for its device allows.
    void offer(const ModelHost& host);
    [[nodiscard]] bool is_throttled(const ModelHost& host) const;
    [[nodiscard]] work::Failure gone_because(const ModelHost& host) const;
    void follow_order(HostedModel& hosted);
    void tell_prospects();

    NodeParts parts_;
    const Clock& clock_;
    boost::asio::any_io_executor executor_;
    Random random_;
    std::optional<Credentials> credentials_;
    std::shared_ptr<boost::asio::ssl::context> identity_;
    GatewaySource source_;
    TrafficMeter traffic_;
    MeteredSource metered_;
    PeerSource neighbours_;
    ArtefactCache cache_;
    PeerServer peer_server_;
    Worker blocking_;
    SpeedBook speeds_;
    SandboxTrust trust_;
    WorkExecutor work_;
    TaskGroup life_;
    TaskGroup hosting_;
    TaskGroup background_;
    std::map<Sha256, HostedModel> models_;
    std::map<std::string, DeviceOrder> orders_;
    std::optional<NodeDevice> processor_;  ///< as the options gave it, once it is limited
    work::IdleForecast forecast_ = work::IdleForecast::unknown;
    BenchModel bench_model_;
    bool all_paused_ = false;  ///< all devices are, by orders_
    std::unique_ptr<SessionConnection> connection_;
    WantedArtefact engine_;
    Sha256 searched_;           ///< the engine that was last asked for devices
    bool coming_back_ = false;  ///< this session was ended to tell of other devices in the next
    Time renew_at_;
    Duration retry_after_{};
    NodeView::Session session_ = NodeView::Session::connecting;
    std::string problem_;
    Status outcome_ = ok();
    bool stopping_ = false;
    bool finished_ = false;
    bool keeps_accounts_ = false;  ///< the coordinator of this session does
    bool was_connected_ = false;   ///< at least one Welcome has come
    bool enrolled_anew_ = false;   ///< since the last Welcome
    Notification wake_;
};

}  // namespace gleaner
