#include "client-core/cli/setup.h"

#include <ostream>
#include <utility>

#include "client-core/cli/local_socket.h"
#include "client-core/control/control_client.h"
#include "shared/proto/control.pb.h"

namespace gleaner::cli {

namespace {

constexpr Duration look_again = 500ms;
constexpr Duration join_within = 60s;
constexpr Duration bench_silence = 10min;

class Setup {
public:
    Setup(const SetupOptions& options, const SetupWorld& world)
        : options_(options), world_(world) {}

    Status run() {
        GLEANER_TRY(state(0s));
        if (state_.node().empty()) {
            GLEANER_TRY(check());
            GLEANER_TRY(join());
            GLEANER_TRY(await_site());
            GLEANER_TRY(check_site());
            world_.out << "joined: this machine is node " << state_.node() << " of site "
                       << state_.site() << "\n";
        } else {
            world_.out << "this machine is node " << state_.node() << " of site " << state_.site()
                       << " already; to move it: gleanerctl node leave, then this again\n";
        }
        if (!options_.settings.empty()) {
            GLEANER_TRY(take_settings());
        }
        if (!options_.benchmark) return ok();
        const control::State now = state_;  // measuring reads the state anew
        for (const auto& device : now.devices()) measure(device.id());
        return ok();
    }

private:
    [[nodiscard]] bool by_owner() const { return options_.token.empty(); }

    Status check() const {
        if (by_owner() && options_.owner_key.empty())
            return Error(ErrorCode::invalid_argument,
                         "how shall this machine join? Give --token-file with a token of its site, "
                         "or --owner-api, --owner-key-file and --site");
        if (by_owner() && (options_.owner_api.empty() || options_.site.empty()))
            return Error(ErrorCode::invalid_argument,
                         "an owner's key needs --owner-api, the address of the coordinator's API, "
                         "and --site, the name of the owner's site");
        return ok();
    }

    Result<control::ToProgram> ask(control::ToNode request, Duration within = 30s) {
        GLEANER_TRY(auto node, connect());
        return node.ask(std::move(request), within);
    }

    /// The service may be starting at this moment.
    Result<ControlClient> connect() {
        const Time until = world_.clock.now() + options_.wait;
        for (;;) {
            auto node = ControlClient::open(local_socket(options_.socket), "gleaner-setup");
            if (node || node.error().code() != ErrorCode::unavailable ||
                world_.clock.now() >= until)
                return node;
            world_.pause(look_again);
        }
    }

    Status state(Duration after) {
        if (after > Duration{}) world_.pause(after);
        control::ToNode request;
        request.mutable_subscribe();
        GLEANER_TRY(const auto reply, ask(std::move(request)));
        state_ = reply.state();
        return ok();
    }

    Status join() {
        control::ToNode request;
        auto& join = *request.mutable_join();
        join.set_coordinator(options_.coordinator);
        if (by_owner()) {
            auto& owner = *join.mutable_owner();
            owner.set_api(options_.owner_api);
            owner.set_key(options_.owner_key);
            owner.set_authority_pem(options_.authority_pem);
            GLEANER_TRY(accept_consent(join));
            join.set_site(options_.site);
        } else {
            join.set_token(options_.token);
        }
        GLEANER_TRY(ask(std::move(request), join_within));
        return ok();
    }

    Status accept_consent(control::Join& join) {
        control::ToNode request;
        *request.mutable_read_consent()->mutable_owner() = join.owner();
        GLEANER_TRY(const auto reply, ask(std::move(request), join_within));
        const control::Consent& consent = reply.consent();
        if (options_.accepted_consent != consent.date()) {
            world_.err << consent.text() << "\n\n";
            return Error(ErrorCode::failed_precondition,
                         (options_.accepted_consent.empty()
                              ? std::string("the owner has to agree to the text above")
                              : "the text in force is not that of " + options_.accepted_consent) +
                             ": once they do, give --accept-consent " + consent.date());
        }
        join.set_consent_date(consent.date());
        join.set_consent_sha256(consent.sha256());
        return ok();
    }

    /// The node that has just been let in comes up.
    Status await_site() {
        const Time until = world_.clock.now() + join_within;
        do {
            GLEANER_TRY(state(look_again));
        } while (state_.site().empty() && world_.clock.now() < until);
        if (!state_.site().empty()) return ok();
        return Error(ErrorCode::timeout,
                     "this machine was let in, but its node does not come up: " +
                         state_.why().en() + " Run this again.");
    }

    Status check_site() {
        if (by_owner() || options_.site.empty() || options_.site == state_.site()) return ok();
        const std::string joined = state_.site();
        control::ToNode request;
        request.mutable_leave()->set_keep_models(true);
        GLEANER_TRY(ask(std::move(request), join_within));
        return Error(ErrorCode::failed_precondition,
                     "this machine was of site " + joined + ", not of " + options_.site +
                         ", and has left it again: make a token of the right site");
    }

    Status take_settings() {
        control::ToNode question;
        question.mutable_get_settings();
        GLEANER_TRY(const auto settings, ask(std::move(question)));
        for (const auto& suggestion : settings.settings().suggestions()) {
            if (suggestion.kind() != options_.settings) continue;
            control::ToNode request;
            *request.mutable_set_settings()->mutable_local() = suggestion.wishes();
            GLEANER_TRY(const auto now, ask(std::move(request)));
            world_.out << "settings: " << now.settings().means().en() << "\n";
            return ok();
        }
        return Error(ErrorCode::invalid_argument,
                     "the node suggests no settings for \"" + options_.settings + "\"");
    }

    /// A device that cannot be measured is told, and stops nothing: the machine has joined.
    void measure(const std::string& device) {
        const Status measured = try_to_measure(device);
        if (measured.has_value())
            world_.out << "measured: " << device << "\n";
        else
            world_.err << "not measured: " << device << ": " << measured.error().message() << "\n";
    }

    Status try_to_measure(const std::string& device) {
        GLEANER_TRY(auto node, connect());
        control::ToNode request;
        request.mutable_start_benchmark()->set_device(device);
        GLEANER_TRY(node.ask(std::move(request)));
        control::ToNode subscribe;
        subscribe.mutable_subscribe();
        GLEANER_TRY(auto reply, node.ask(std::move(subscribe)));
        while (reply.state().benchmark().running()) {
            world_.err << device << ": " << reply.state().benchmark().percent() << " % "
                       << reply.state().benchmark().step().en() << std::endl;
            GLEANER_TRY(reply, node.next(bench_silence));
        }
        const std::string& problem = reply.state().benchmark().problem().en();
        if (!problem.empty()) return Error(ErrorCode::failed_precondition, problem);
        return ok();
    }

    const SetupOptions& options_;
    const SetupWorld& world_;
    control::State state_;
};

}  // namespace

Status set_up(const SetupOptions& options, const SetupWorld& world) {
    return Setup(options, world).run();
}

}  // namespace gleaner::cli
