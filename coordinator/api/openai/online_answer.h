#pragma once
/// One online answer from request to receipt: places it on a node, relays what comes, goes on with
/// another node when one is lost, and settles what each node did.

#include <memory>
#include <string>
#include <vector>

#include "coordinator/api/http.h"
#include "coordinator/api/openai/credit_gate.h"
#include "coordinator/api/openai/services.h"
#include "coordinator/openai/request.h"
#include "coordinator/openai/stream_relay.h"
#include "coordinator/runtime/grid.h"
#include "shared/async/notification.h"

namespace gleaner::api {

/// The parts of the grid that an answer uses: a seam for tests.
class StreamPlacer {
public:
    virtual ~StreamPlacer() = default;
    [[nodiscard]] virtual StreamId open_stream(runtime::StreamRequest request,
                                               runtime::StreamSink& sink) = 0;
    /// Returns the stream's share of its device's time, in micros.
    [[nodiscard]] virtual std::uint64_t close_stream(StreamId stream) = 0;
    [[nodiscard]] virtual std::optional<runtime::NodeFacts> facts(const NodeId& node) const = 0;
};

/// What one node did, ready to be metered.
struct AnswerPart {
    runtime::NodeFacts node;
    StreamId stream;
    std::int64_t prompt_tokens = 0;
    std::int64_t cached_tokens = 0;  ///< of these
    std::int64_t generated_tokens = 0;
    std::int64_t device_micros = 0;
};

/// Lives in its request's coroutine.
class OnlineAnswer final : public runtime::StreamSink {
public:
    struct Order {
        RequestId id;
        Caller caller;
        store::Model model;
        openai::EngineRequest request;
        PrivacyClass privacy = PrivacyClass::any;
        std::string reservation = {};  ///< the contract on whose machines it runs; empty: shared
        TokenPrice price;              ///< of the moment at which it was asked for
        std::int64_t price_book = 0;   ///< its version
        std::string time_band;
        Duration start_within = std::chrono::seconds(30);
    };

    static constexpr std::uint32_t attempts_max = 4;
    /// A customer who reads slower than this much behind is cut off.
    static constexpr std::size_t unread_bytes_max = 1U << 20U;

    OnlineAnswer(const boost::asio::any_io_executor& executor, StreamPlacer& grid,
                 const Clock& clock, Order order);
    OnlineAnswer(const OnlineAnswer&) = delete;
    OnlineAnswer& operator=(const OnlineAnswer&) = delete;
    ~OnlineAnswer() override;

    /// Streams the answer as server-sent events. Errors: what goes wrong before the first event;
    /// later trouble is an event of the stream.
    [[nodiscard]] boost::asio::awaitable<ApiStatus> stream_to(Reply& reply);
    /// Waits for the whole answer: OpenAI's reply body. Cancelled when the client of `reply`
    /// leaves.
    [[nodiscard]] boost::asio::awaitable<ApiResult<std::string>> whole(Reply& reply);

    /// What to bill, once one of the two has returned.
    [[nodiscard]] std::vector<AnswerPart> parts() const;
    [[nodiscard]] std::uint32_t attempts() const { return attempts_; }
    /// The whole answer is one node's, passed the verifier, and the node is trusted by recent
    /// canaries: what also makes a batch's item verified.
    [[nodiscard]] bool verified() const;
    /// From the start to the first thing for the customer; nothing when nothing came.
    [[nodiscard]] std::optional<Duration> first_after() const { return first_after_; }
    [[nodiscard]] const Order& order() const { return order_; }

    // runtime::StreamSink
    void on_started(const NodeId& node, bool trusted) override;
    void on_delta(std::string_view data, std::uint32_t generated_tokens) override;
    [[nodiscard]] core::Verdict on_end(const wire::StreamEnd& end) override;
    void on_interrupted(const NodeId& node, core::FailureCause cause,
                        std::uint64_t device_micros) override;
    void on_refused(const Error& error, Duration retry_after) override;

private:
    enum class State : std::uint8_t { running, ended, rejected, interrupted, refused };

    void open(Duration within);
    /// Closes the present stream, if it is open: nothing more comes from it.
    void close();
    void note_first();
    [[nodiscard]] core::Verdict check(const wire::StreamEnd& end) const;
    /// The request is refused by a node that is not trusted, and by no other site: ask another one.
    [[nodiscard]] bool doubts_refusal() const;
    /// After an interruption: opens the next stream, or says why not.
    [[nodiscard]] ApiStatus go_on();
    [[nodiscard]] boost::asio::awaitable<Status> flush(Reply& reply);
    [[nodiscard]] boost::asio::awaitable<ApiStatus> end_with(ApiError error, Reply& reply);

    StreamPlacer& grid_;
    const Clock& clock_;
    Order order_;
    openai::StreamRelay relay_;
    Time started_;
    std::optional<Duration> first_after_;
    Notification changed_;
    State state_ = State::running;
    bool client_gone_ = false;
    bool too_slow_ = false;
    bool node_broken_ = false;  ///< what it sends cannot be used
    std::optional<StreamId> stream_;
    std::uint32_t attempts_ = 0;
    std::vector<NodeId> avoid_;
    std::vector<NodeId> refused_by_;
    std::optional<SiteId> refused_at_;
    std::optional<ApiError> refusal_;  ///< what it said, until another node speaks against it
    struct Served {
        runtime::NodeFacts node;
        StreamId stream;
        bool trusted = false;
        bool implausible = false;         ///< the verifier refused its answer: not billed
        std::uint64_t device_micros = 0;  ///< of one that did not end by itself
    };
    std::vector<Served> served_;
    std::size_t engine_bytes_ = 0;  ///< of the present node's request
    /// The present node writes all of the answer. One of several is not judged: it is not known who
    /// wrote how much of the text.
    bool sole_author_ = false;
    bool checked_ = false;  ///< the verifier passed the answer
    std::string pending_;   ///< for the customer, not yet written
    std::optional<ApiError> problem_;
    std::string body_;  ///< of a whole answer
    openai::StreamRelay::NodeTotals totals_;
};

}  // namespace gleaner::api
