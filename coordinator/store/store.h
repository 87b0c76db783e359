#pragma once
/// The coordinator's memory: domain verbs over SQLite. This header is all that others see of SQL.
/// Each verb runs inside the caller's transaction (see executor.h) and is idempotent by its key.
/// A Store is one connection: use it from one thread at a time.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/ledger/ledger.h"
#include "coordinator/store/records.h"
#include "shared/util/result.h"

namespace gleaner::store {

class Store {
public:
    enum class Mode : std::uint8_t { read_write, read_only };

    /// Opens (read_write: creates and migrates) the database file; ":memory:" for tests.
    /// Errors: data_corrupt (not a Gleaner database, or a newer schema), disk_full, io_failed.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::string& path, Mode mode,
                                                             const Clock& clock);
    ~Store();

    // Transactions: used by StoreExecutor, and by tests. Nested begin() is a savepoint.
    Status begin();
    Status commit();
    void rollback();
    /// Why the open transaction can no longer be committed (full disk, I/O error); else nothing.
    [[nodiscard]] const std::optional<Error>& doomed() const;

    // ---- Settings of this connection ----
    /// Refuses to grow the file beyond `bytes`: verbs that need more fail with disk_full.
    Status limit_size(std::int64_t bytes);
    /// How later acceptances divide revenue. Errors: invalid_argument unless it sums to 10 000.
    Status set_split(const ledger::Split& split);

    // ---- People and credentials. Secrets come as SHA-256 hex. ----
    Result<Owner> add_owner(std::string_view name, const PartnerId& referred_by);
    Result<Partner> add_partner(std::string_view name);
    Result<Customer> add_customer(std::string_view name, const PartnerId& referred_by,
                                  const OwnerId& own_sites_of);
    Result<Project> add_project(const CustomerId& customer, std::string_view name,
                                Currency currency = Currency::cny);
    Result<Owner> owner(const OwnerId& id);
    Result<Partner> partner(const PartnerId& id);
    Result<Customer> customer(const CustomerId& id);
    Result<Project> project(const ProjectId& id);
    Result<std::vector<Owner>> owners();
    Result<std::vector<Partner>> partners();
    Result<std::vector<Customer>> customers();
    Result<std::vector<Project>> projects(const CustomerId& customer);
    Result<Credential> add_credential(PrincipalKind kind, std::string_view subject,
                                      std::string_view label, std::string_view secret_sha256,
                                      const KeyLimits& limits = {});
    Result<std::vector<Credential>> credentials(PrincipalKind kind, std::string_view subject);
    Status revoke_credential(std::string_view id);
    /// Errors: unauthenticated for an unknown, expired or revoked key (one message for all).
    Result<Principal> authenticate(std::string_view secret_sha256);

    // ---- Sites, consent, tokens, nodes ----
    /// Only an owner's own credential makes a site: `consent.accepted_by` must be one of `owner`'s.
    /// `text`: what they read and accepted, whose SHA-256 `consent` names; kept as evidence.
    Result<Site> add_site(const OwnerId& owner, std::string_view name, const Consent& consent,
                          std::string_view text);
    /// The text that the site's owner accepted.
    Result<std::string> consent_text(const SiteId& id);
    Result<Site> site(const SiteId& id);
    Result<std::vector<Site>> sites(std::optional<OwnerId> owner);
    Status certify_site(const SiteId& id, bool certified);
    /// `toml`: guest settings, at most 16 KiB, not looked into; empty: none. Errors: not_found,
    /// invalid_argument.
    Status set_site_policy(const SiteId& id, std::string_view toml);
    /// Revokes consent, all tokens and all nodes of the site; returns the nodes to cut off.
    Result<std::vector<NodeId>> revoke_consent(const SiteId& id);
    Result<EnrolmentToken> add_token(const SiteId& site, std::string_view secret_sha256,
                                     std::int64_t uses, WallTime expires);
    Result<std::vector<EnrolmentToken>> tokens(const SiteId& site);
    Status revoke_token(std::string_view id);
    /// Checks token and consent, uses the token up by one for unknown hardware, and names the node:
    /// the same id for the same hardware at the same site. Errors: unauthenticated (unknown token),
    /// failed_precondition (expired, revoked, used up, consent revoked, node revoked): each says
    /// so.
    Result<EnrolmentGrant> begin_enrolment(const EnrolmentRequest& request);
    /// Records the certificate; the node's older certificate is void from now on.
    Status set_certificate(const NodeId& node, std::string_view serial, WallTime expires);
    Result<Node> node(const NodeId& id);
    Result<std::vector<Node>> nodes(std::optional<SiteId> site);
    Status touch_node(const NodeId& id, std::string_view software_version);
    Status revoke_node(const NodeId& id);

    // ---- Benchmarks ----
    /// False: the very same report is kept already. Only the newest by their time of measurement
    /// are kept, bench_reports_per_device of a device and bench_reports_per_node of a node.
    Result<bool> keep_bench_report(const BenchRecord& record);
    /// Among the latest thousand reports of that name.
    Result<BenchStanding> bench_standing(const BenchRecord& record);
    /// By device, the newest first.
    Result<std::vector<BenchRecord>> bench_reports(const NodeId& node);

    // ---- What the grid and a node earn. Days: civil_day.h's. ----
    /// Device-seconds that were on offer until now, counted to today. invalid_argument below 0.
    Status add_offered(std::string_view device_class, std::int64_t seconds);
    /// Days from <= day < to, oldest first; those without anything are left out.
    Result<std::vector<GridDay>> grid_days(std::string_view device_class, std::int64_t from,
                                           std::int64_t to);
    /// A node's own days since `from`, as grid_days.
    Result<std::vector<NodeDay>> node_days(const NodeId& node, std::int64_t from);

    // ---- Catalogue ----
    Status add_model(const Model& model, std::span<const Canary> canaries);
    Status remove_model(std::string_view name);
    Result<Model> model(std::string_view name);
    Result<std::vector<Model>> models();
    Result<std::vector<Canary>> canaries(const Sha256& model);
    Status add_engine(const EnginePackage& engine);
    Result<std::vector<EnginePackage>> engines();

    // ---- Files: rows only; the bytes lie in the blob folder under the file's id ----
    Result<File> add_file(const File& file);
    /// Errors: not_found, also when another project owns it.
    Result<File> file(const ProjectId& project, const FileId& id);
    Result<std::vector<File>> files(const ProjectId& project, std::string_view purpose,
                                    const FileId& after, std::int64_t limit, bool ascending);
    /// Errors: failed_precondition while an open job reads it.
    Status remove_file(const ProjectId& project, const FileId& id);
    Result<std::int64_t> stored_bytes(const ProjectId& project);
    /// All files' ids, of every project.
    Result<std::vector<FileId>> file_ids();

    // ---- Jobs ----
    /// Stores a validated job as in_progress and holds `hold` of the customer's credit, or fails
    /// with resource_exhausted (credit too small: says how much is missing) and stores nothing.
    Result<Job> admit_job(Job job, Money hold);
    /// Stores a job that failed validation (nothing held).
    Result<Job> add_failed_job(Job job);
    Result<Job> job(const ProjectId& project, const JobId& id);
    Result<Job> job_by_id(const JobId& id);
    Result<std::vector<Job>> jobs(const ProjectId& project, const JobId& after, std::int64_t limit);
    /// Jobs that are in_progress, cancelling or finalizing: what a restart takes up again.
    Result<std::vector<Job>> open_jobs();
    /// Indices of the job's settled items, ascending.
    Result<std::vector<std::int64_t>> settled_items(std::int64_t job_number);
    /// Settles items, meters them and posts the money, each at most once: an item by its place in
    /// the job, a meter record by its attempt_key, a receipt by its request, a reply by its key.
    /// A job's work is paid from its hold; what the hold does not cover (the estimate was too low)
    /// and all streams are paid from the customer's credit, which may fall below zero by that much.
    /// A job takes results while it is in_progress or cancelling; later ones are job_ended.
    /// Errors leave nothing of the call: invalid_argument (index outside the job, a failed item
    /// with a meter), not_found (job), failed_precondition (a meter that names a node with a site,
    /// owner, project or customer not its own).
    Result<std::vector<Accepted>> accept(std::span<const Acceptance> acceptances);
    /// Calls `each` for the settled items in input order.
    Status for_each_outcome(std::int64_t job_number,
                            const std::function<Status(const ItemOutcome&)>& each);
    /// To in_progress, cancelling or finalizing; failed_precondition once the job has ended.
    Status set_job_state(const JobId& id, JobState state);
    /// Ends a job: records its files and final state, releases what is left of its hold.
    Status end_job(const JobId& id, JobState state, const FileId& output, const FileId& error);

    // ---- Money ----
    // An amount is of the currency named with it.
    Status top_up(const CustomerId& customer, Money amount, std::string_view idempotency_key,
                  Currency currency = Currency::cny);
    /// What may be spent: the balance, and the credit limit beyond it.
    Result<Money> available_credit(const CustomerId& customer, Currency currency = Currency::cny);
    /// Statements cover [from, to): opening + lines = closing, the account's balance at `to`.
    /// An owner's lines are nodes and device classes; a partner's the owners and customers
    /// referred; a customer's top-ups, days and models, and what open jobs hold; the platform's
    /// models.
    Result<ledger::Statement> owner_statement(const OwnerId& id, WallTime from, WallTime to,
                                              Currency currency = Currency::cny);
    Result<ledger::Statement> partner_statement(const PartnerId& id, WallTime from, WallTime to,
                                                Currency currency = Currency::cny);
    Result<ledger::Statement> customer_statement(const CustomerId& id, WallTime from, WallTime to,
                                                 Currency currency = Currency::cny);
    Result<ledger::Statement> platform_statement(WallTime from, WallTime to,
                                                 Currency currency = Currency::cny);
    /// Recomputes every balance from the postings: sums, holds, one bill per attempt.
    Result<ledger::CheckReport> check_ledger();
    Result<std::string> receipt(const ProjectId& project, const RequestId& request);
    Status add_receipt(const ProjectId& project, const RequestId& request,
                       std::string_view receipt_json);

    // ---- Idempotency keys of the API ----
    struct StoredReply {
        std::string request_sha256;
        std::int32_t http_status = 0;  ///< 0: the first request is still running
        std::string body;
    };
    /// Claims the key, or returns what is stored under it. Replies are kept for 24 hours.
    Result<std::optional<StoredReply>> claim_idempotency_key(const ProjectId& project,
                                                             std::string_view key,
                                                             std::string_view request_sha256);
    Status finish_idempotency_key(const ProjectId& project, std::string_view key,
                                  std::int32_t http_status, std::string_view body);
    Status release_idempotency_key(const ProjectId& project, std::string_view key);

    // ---- Trust and speed, kept over restarts: one opaque JSON per key ----
    Status put_standing(std::string_view key, std::string_view json);
    Result<std::vector<std::pair<std::string, std::string>>> standings();

    /// A number that grows by one at each call: the process's start epoch. Also forgets the
    /// idempotency keys whose request died with the process before.
    Result<std::int64_t> next_epoch();

    // For the store's own files, whose verbs would make this list too long.
    struct State;
    [[nodiscard]] State& state() { return *state_; }

private:
    explicit Store(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace gleaner::store
