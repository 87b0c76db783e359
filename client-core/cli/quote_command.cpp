/// gleanerctl quote: what a batch would cost and when it would be done.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/batch_file.h"
#include "client-core/cli/context.h"
#include "client-core/cli/output.h"
#include "shared/model/civil_day.h"

namespace gleaner::cli {

namespace json = boost::json;

namespace {

struct QuoteOptions {
    std::string path;
    std::string endpoint;
    std::string window = "24h";
    std::string privacy;
    std::string max_price;
    std::string reservation;
    std::int64_t replicas = 0;
    bool keep = false;
};

std::string local(std::int64_t seconds) {
    return local_time_text(WallTime{seconds * 1'000'000});
}

std::string span_text(const json::value& quote, std::string_view key) {
    const auto* span = quote.get_object().if_contains(key);
    if (span == nullptr || !span->is_object()) return "no device is here that can do it";
    return local(integer_at(*span, "earliest")) + " to " + local(integer_at(*span, "latest"));
}

std::string reservation_line(const json::value& quote) {
    const auto id = text_at(quote, "reservation");
    return id.empty() ? id : "reservation: " + id + ", whose hours are paid instead\n";
}

void print_quote(const Context& context, const json::value& quote) {
    if (context.json) {
        context.out << json::serialize(quote) << "\n";
        return;
    }
    const std::string currency = text_at(quote, "currency");
    const auto& price = quote.at("price");
    const auto& tariff = quote.at("tariff");
    context.out << "requests: " << integer_at(quote, "requests") << " ("
                << integer_at(quote, "refused_requests") << " would be refused)\n"
                << "model: " << text_at(quote, "model") << "\n"
                << "price: " << text_at(price, "lowest") << " to " << text_at(price, "highest")
                << " " << currency << ", expected " << text_at(price, "expected") << "\n"
                << reservation_line(quote) << "privacy tier: " << text_at(tariff, "tier") << "\n";
    const auto version = integer_at(tariff, "price_book");
    context.out << "price book: "
                << (version == 0 ? std::string("none, the model's own price")
                                 : "version " + std::to_string(version))
                << "\n";
    for (const auto& band : tariff.at("bands").as_array())
        context.out << "time band " << text_at(band, "name") << ": " << text_at(band, "from")
                    << " to " << text_at(band, "to") << ", factor " << text_at(band, "factor")
                    << "\n";
    context.out << "start: " << span_text(quote, "start") << "\n"
                << "finish: " << span_text(quote, "finish") << "\n"
                << "deadline: " << local(integer_at(quote, "deadline"))
                << ", met: " << text_at(quote, "deadline_met") << "\n"
                << "valid until: " << local(integer_at(quote, "valid_until")) << "\n";
}

Status quote(const Context& context, const QuoteOptions& options) {
    GLEANER_TRY(const auto endpoint, batch_endpoint(options.path, options.endpoint));
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto file, upload_batch_file(context, api, options.path));
    json::object body{
        {"input_file_id", file}, {"endpoint", endpoint}, {"completion_window", options.window}};
    if (!options.max_price.empty()) body["max_price"] = options.max_price;
    json::object extension;
    if (!options.privacy.empty()) extension["privacy"] = options.privacy;
    if (options.replicas > 0) extension["replicas"] = options.replicas;
    if (!options.reservation.empty()) extension["reservation"] = options.reservation;
    if (!extension.empty()) body["gleaner"] = std::move(extension);
    auto answer = api.post("/v1/quotes", body);
    // Stored files cost money; a quote leaves nothing behind unless it is asked to.
    if (!options.keep || answer.has_error()) (void)api.remove("/v1/files/" + percent_encode(file));
    if (answer.has_error()) return std::move(answer).error();
    print_quote(context, answer.value());
    if (options.keep && !context.json) context.out << "input file: " << file << "\n";
    print_warnings(context, answer.value());
    return ok();
}

}  // namespace

void add_quote_command(CLI::App& program, Context& context) {
    auto options = std::make_shared<QuoteOptions>();
    CLI::App* command = program.add_subcommand(
        "quote", "What a batch would cost and when it would be done; nothing is started");
    command->add_option("FILE", options->path, "One request a line, as OpenAI's batch files")
        ->required();
    command->add_option("--endpoint", options->endpoint, "Default: the url of the first line");
    command->add_option("--window", options->window, "Latest time to finish")
        ->capture_default_str();
    command->add_option("--privacy", options->privacy, "any, certified or own")
        ->check(CLI::IsMember({"any", "certified", "own"}));
    command->add_option("--replicas", options->replicas, "Answer each item on so many sites")
        ->check(CLI::Range(1, 3));
    command->add_option("--max-price", options->max_price,
                        "The most that it may cost, in the project's currency: 12.5");
    command->add_option("--reservation", options->reservation,
                        "On the machines of this contract, or none: on those that all share");
    command->add_flag("--keep", options->keep, "Keep the uploaded file, for a batch by its id");
    on_chosen(*command, context, [&context, options] { return quote(context, *options); });
}

}  // namespace gleaner::cli
