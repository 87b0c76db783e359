/// Daemon: how this machine comes to a site, by a token or by its owner's own hand, and leaves it.

#include <fstream>
#include <utility>

#include <boost/asio/thread_pool.hpp>

#include "client-core/api/owner_api.h"
#include "client-core/runtime/credentials.h"
#include "client-core/runtime/daemon.h"
#include "client-core/runtime/daemon_words.h"
#include "client-core/runtime/enrol.h"
#include "client-core/runtime/node_tools.h"
#include "shared/async/offload.h"
#include "shared/proto/control.pb.h"
#include "shared/util/replace_file.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

/// When the owner gave their consent on this machine, seconds since 1970.
std::filesystem::path consent_file(const std::filesystem::path& folder) {
    return folder / "consent";
}

/// True while it lives.
class Raised {
public:
    explicit Raised(bool& flag) : flag_(flag) { flag_ = true; }
    Raised(const Raised&) = delete;
    Raised& operator=(const Raised&) = delete;
    ~Raised() { flag_ = false; }

private:
    bool& flag_;
};

OwnerAccess access_of(const control::OwnerAccess& owner) {
    return {owner.api(), owner.key(), owner.authority_pem()};
}

/// Waits for the coordinator on a thread of its own: it is asked once in a machine's life.
template <class T>
asio::awaitable<Result<T>> ask_as_owner(OwnerAccess access,
                                        std::function<Result<T>(OwnerApi&)> question) {
    asio::thread_pool thread(1);
    std::function<Result<T>()> work = [&]() -> Result<T> {
        GLEANER_TRY(auto api, OwnerApi::open(access));
        return question(api);
    };
    auto asking = offload<T>(thread.get_executor(), std::move(work));
    auto answer = co_await std::move(asking);
    co_return answer;
}

}  // namespace

asio::awaitable<Status> Daemon::read_consent(const control::OwnerAccess& owner,
                                             control::ToProgram& reply) {
    std::function<Result<ConsentText>(OwnerApi&)> question = [](OwnerApi& api) {
        return api.consent();
    };
    auto asking = ask_as_owner<ConsentText>(access_of(owner), std::move(question));
    GLEANER_CO_TRY(const auto consent, co_await std::move(asking));
    auto& out = *reply.mutable_consent();
    out.set_date(consent.date);
    out.set_sha256(consent.sha256);
    out.set_text(consent.text);
    co_return ok();
}

asio::awaitable<Status> Daemon::join(const control::Join& request) {
    if (node_)
        co_return Error(ErrorCode::failed_precondition,
                        "this machine has joined a site already: leave it first");
    if (joining_)
        co_return Error(ErrorCode::failed_precondition,
                        "this machine is joining a site at this moment: wait for it");
    const Raised joining(joining_);
    GLEANER_CO_TRY(auto address, parse_address(request.coordinator()));
    std::string token = request.token();
    if (request.has_owner()) {
        std::function<Result<std::string>(OwnerApi&)> question = [&request](OwnerApi& api) {
            return api.token_for_site(request.site(), request.consent_date(),
                                      request.consent_sha256());
        };
        auto asking = ask_as_owner<std::string>(access_of(request.owner()), std::move(question));
        GLEANER_CO_TRY(token, co_await std::move(asking));
    }
    Applicant applicant(parts_.hardware_fingerprint, host_name(),
                        Credentials::kept_release_key(parts_.folder.path()));
    sent_.note(applicant);
    auto enrolling = enrol_into(parts_.folder.path(), std::move(address), std::move(token),
                                std::move(applicant), clock_);
    GLEANER_CO_TRY(const auto node, co_await std::move(enrolling));
    // The machine has joined: a small file that cannot be written is told, and undoes nothing.
    Status kept = move_home(request.coordinator());
    if (request.has_owner()) {
        consent_at_s_ = clock_.wall().seconds();
        const Status written =
            replace_file(consent_file(parts_.folder.path()), std::to_string(consent_at_s_) + "\n");
        if (kept.has_value()) kept = written;
    }
    if (kept.has_error()) log_.add(ActivityLog::Level::warning, words::failed(kept.error()));
    GLEANER_CO_TRY(const auto identity, Credentials::load(parts_.folder.path()));
    log_.add(ActivityLog::Level::info,
             words::joined(node, identity ? identity->site().get() : std::string()));
    problem_.clear();
    wake_.notify();
    co_return ok();
}

asio::awaitable<Status> Daemon::leave(bool keep_models) {
    if (leaving_ || joining_)
        co_return Error(ErrorCode::failed_precondition,
                        "this machine is joining or leaving at this moment: wait for it");
    keep_models_ = keep_models;
    if (!node_) {
        leave_now();
        problem_.clear();
        co_return ok();
    }
    leaving_ = true;
    node_->stop();
    while (leaving_) co_await node_ended_.wait();
    co_return ok();
}

void Daemon::leave_now() {
    forget_identity();
    parts_.token.clear();
    std::error_code ignored;
    if (!keep_models_) std::filesystem::remove_all(parts_.folder.cache_dir(), ignored);
    log_.add(ActivityLog::Level::info, words::left());
}

void Daemon::forget_identity() {
    Credentials::erase(parts_.folder.path());
    std::error_code ignored;
    std::filesystem::remove(consent_file(parts_.folder.path()), ignored);
    consent_at_s_ = 0;
    benchmarks_.forget_verdicts();
    earnings_.forget();
}

void Daemon::recall_consent() {
    std::ifstream file(consent_file(parts_.folder.path()));
    if (!(file >> consent_at_s_) || consent_at_s_ < 0) consent_at_s_ = 0;
}

}  // namespace gleaner
