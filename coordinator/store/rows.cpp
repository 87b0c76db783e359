#include "coordinator/store/rows.h"

#include <array>
#include <utility>

#include "shared/util/check.h"

namespace gleaner::store {

namespace {

constexpr std::array<std::pair<std::string_view, PrincipalKind>, 4> principal_kinds{{
    {"operator", PrincipalKind::operator_},
    {"owner", PrincipalKind::owner},
    {"partner", PrincipalKind::partner},
    {"project", PrincipalKind::project},
}};

constexpr std::array all_job_states{
    JobState::validating, JobState::failed,  JobState::in_progress, JobState::finalizing,
    JobState::completed,  JobState::expired, JobState::cancelling,  JobState::cancelled};

}  // namespace

std::string_view to_string(PrincipalKind kind) {
    for (const auto& [text, value] : principal_kinds) {
        if (value == kind) return text;
    }
    GLEANER_CHECK(false, "every kind has a name");
    return "";
}

PrincipalKind principal_kind(const std::string& text) {
    for (const auto& [name, value] : principal_kinds) {
        if (name == text) return value;
    }
    GLEANER_CHECK(false, "a CHECK of the table names every kind");
    return PrincipalKind::project;
}

JobState job_state(const std::string& text) {
    for (const auto state : all_job_states) {
        if (to_string(state) == text) return state;
    }
    GLEANER_CHECK(false, "a CHECK of the table names every state");
    return JobState::failed;
}

OperatorRole operator_role(const std::string& text) {
    return parse_operator_role(text).value_or(OperatorRole::support);
}

Plausibility plausibility(const std::string& text) {
    for (const auto verdict : {Plausibility::unknown, Plausibility::plausible,
                               Plausibility::too_good, Plausibility::too_poor}) {
        if (gleaner::to_string(verdict) == text) return verdict;
    }
    GLEANER_CHECK(false, "a CHECK of the table names every verdict");
    return Plausibility::unknown;
}

Currency currency(const std::string& code) {
    const auto known = parse_currency(code);
    GLEANER_CHECK(known.has_value(), "only known currencies are stored");
    return *known;
}

Scopes scopes(const std::string& text) {
    const auto known = parse_scopes(text);
    GLEANER_CHECK(known.has_value(), "only known scopes are stored");
    return known.value();
}

bool ended(JobState state) {
    return state == JobState::completed || state == JobState::failed ||
           state == JobState::expired || state == JobState::cancelled;
}

Owner owner_row(const Query& row) {
    return {row.id<OwnerId>("id"), row.text("name"), row.id<PartnerId>("referred_by"),
            row.time("created")};
}

Partner partner_row(const Query& row) {
    return {row.id<PartnerId>("id"), row.text("name"), row.time("created")};
}

Customer customer_row(const Query& row) {
    return {row.id<CustomerId>("id"),
            row.text("name"),
            row.id<PartnerId>("referred_by"),
            row.id<OwnerId>("own_sites_of"),
            row.time("created"),
            static_cast<std::int32_t>(row.integer("weight"))};
}

Project project_row(const Query& row) {
    return {row.id<ProjectId>("id"), row.id<CustomerId>("customer"), row.text("name"),
            currency(row.text("currency")), row.time("created")};
}

Credential credential_row(const Query& row) {
    Credential credential;
    credential.id = row.text("id");
    credential.kind = principal_kind(row.text("kind"));
    credential.subject = row.text("subject");
    credential.label = row.text("label");
    credential.created = row.time("created");
    credential.revoked = row.optional_time("revoked");
    auto& limits = credential.limits;
    limits.scopes = scopes(row.text("scopes"));
    if (!row.null("monthly_cap")) limits.monthly_cap = row.money("monthly_cap");
    limits.requests_per_minute = row.integer("requests_per_minute");
    limits.tokens_per_minute = row.integer("tokens_per_minute");
    limits.expires = row.optional_time("expires");
    return credential;
}

Site site_row(const Query& row) {
    Site site;
    site.id = row.id<SiteId>("id");
    site.owner = row.id<OwnerId>("owner");
    site.name = row.text("name");
    site.certified = row.boolean("certified");
    site.consent = {row.text("consent_text_date"), row.text("consent_text_sha256"),
                    row.text("consent_accepted_by"), row.time("consent_accepted"),
                    row.optional_time("consent_revoked")};
    site.policy = row.text("policy");
    site.created = row.time("created");
    return site;
}

EnrolmentToken token_row(const Query& row) {
    return {row.text("id"),      row.id<SiteId>("site"), row.integer("uses_left"),
            row.time("created"), row.time("expires"),    row.optional_time("revoked")};
}

Node node_row(const Query& row) {
    Node node;
    node.id = row.id<NodeId>("id");
    node.site = row.id<SiteId>("site");
    node.owner = row.id<OwnerId>("owner");
    node.site_certified = row.boolean("certified");
    node.site_policy = row.text("site_policy");
    node.hardware_fingerprint = row.text("hardware_fingerprint");
    node.hostname = row.text("hostname");
    node.os = row.text("os");
    node.arch = row.text("arch");
    node.software_version = row.text("software_version");
    node.certificate_serial = row.text("certificate_serial");
    node.certificate_expires = row.time("certificate_expires");
    node.enrolled = row.time("enrolled");
    node.last_seen = row.time("last_seen");
    node.revoked = row.optional_time("revoked");
    return node;
}

BenchRecord bench_row(const Query& row) {
    BenchRecord record;
    record.node = row.id<NodeId>("node");
    record.device = row.text("device");
    record.device_name = row.text("device_name");
    record.score = row.integer("score");
    record.gflops_milli = row.integer("gflops_milli");
    record.copy_milli = row.integer("copy_milli");
    record.report_sha256 = row.text("report_sha256");
    record.measured = row.time("measured");
    record.received = row.time("received");
    record.verdict = plausibility(row.text("verdict"));
    record.english = row.text("english");
    record.chinese = row.text("chinese");
    record.report_json = row.text("report");
    record.signature = row.text("signature");
    return record;
}

Model model_row(const Query& row) {
    Model model;
    model.name = row.text("name");
    model.sha256 = row.id<Sha256>("sha256");
    model.size_bytes = row.integer("size_bytes");
    model.architecture = row.text("architecture");
    model.quantisation = row.text("quantisation");
    model.parameters = row.integer("parameters");
    model.context_tokens = row.integer("context_tokens");
    model.memory_bytes = row.integer("memory_bytes");
    model.slots = row.integer("slots");
    model.embeddings = row.boolean("embeddings");
    model.price = {row.integer("prompt_micros_per_million"),
                   row.integer("generated_micros_per_million")};
    model.created = row.time("created");
    return model;
}

Canary canary_row(const Query& row) {
    return {row.text("request_json"), row.text("expect")};
}

EnginePackage engine_row(const Query& row) {
    return {row.id<Sha256>("sha256"), row.integer("size_bytes"), row.text("name"),
            row.text("version"),      row.text("backend"),       row.text("os"),
            row.text("arch"),         row.time("created"),       row.text("min_driver")};
}

File file_row(const Query& row) {
    return {row.id<FileId>("id"), row.id<ProjectId>("project"), row.text("purpose"),
            row.text("filename"), row.integer("bytes"),         row.time("created")};
}

Job job_row(const Query& row) {
    Job job;
    job.id = row.id<JobId>("id");
    job.number = row.integer("number");
    job.project = row.id<ProjectId>("project");
    job.customer = row.id<CustomerId>("customer");
    job.own_sites_of = row.id<OwnerId>("own_sites_of");
    job.api_key = row.text("api_key");
    job.weight = static_cast<std::int32_t>(row.integer("weight"));
    job.endpoint = row.text("endpoint");
    job.model = row.text("model");
    job.model_sha256 = row.id<Sha256>("model_sha256");
    job.price = {row.integer("prompt_micros_per_million"),
                 row.integer("generated_micros_per_million")};
    job.input_file = row.id<FileId>("input_file");
    job.output_file = row.id<FileId>("output_file");
    job.error_file = row.id<FileId>("error_file");
    job.state = job_state(row.text("state"));
    job.counts = {row.integer("total"), row.integer("completed"), row.integer("failed")};
    job.privacy = parse_privacy(row.text("privacy")).value_or(PrivacyClass::own);
    job.replicas = static_cast<std::int32_t>(row.integer("replicas"));
    job.metadata_json = row.text("metadata_json");
    job.errors_json = row.text("errors_json");
    job.currency = currency(row.text("currency"));
    job.held = row.money("held");
    if (auto terms = ledger::job_terms_of_text(row.text("terms")))
        job.terms = std::move(*terms);
    else
        job.terms.tariff = ledger::fixed_tariff(job.price, job.currency, job.privacy);
    job.created = row.time("created");
    job.deadline = row.time("deadline");
    job.started = row.optional_time("started");
    job.finalizing = row.optional_time("finalizing");
    job.ended = row.optional_time("ended");
    return job;
}

ItemOutcome outcome_row(const Query& row) {
    const std::int64_t key = row.integer("key");
    return {key >> 32,
            key & (outcome_index_end - 1),
            row.boolean("failed"),
            row.id<RequestId>("request"),
            static_cast<std::int32_t>(row.integer("http_status")),
            row.text("body")};
}

ledger::StatementLine line_row(const Query& row) {
    ledger::StatementLine line;
    line.items = row.integer("items");
    line.prompt_tokens = row.integer("prompt_tokens");
    line.cached_tokens = row.integer("cached_tokens");
    line.generated_tokens = row.integer("generated_tokens");
    line.device_micros = row.integer("device_micros");
    line.reference_micros = row.integer("reference_micros");
    line.amount = row.money("amount");
    return line;
}

}  // namespace gleaner::store
