/// Customers' tax data, invoices, and their export for the tax system. A customer reads their own.

#include <boost/json.hpp>

#include "coordinator/api/admin/blocking_work.h"
#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/invoice_json.h"
#include "coordinator/api/admin/record_json.h"
#include "coordinator/api/admin/wanted_document.h"
#include "coordinator/documents/invoice_paper.h"
#include "coordinator/store/invoices.h"
#include "shared/artefact/sha256.h"
#include "shared/model/civil_day.h"

namespace gleaner::admin {

namespace json = boost::json;
using ledger::Invoice;
using store::Invoices;
using store::PrincipalKind;
using store::Store;

namespace {

/// Customers that are invoiced in one transaction: others' work is not to wait for all of them.
constexpr std::size_t customers_at_once = 20;

bool is_of(const Call& call, const CustomerId& customer) {
    return call.by(PrincipalKind::operator_) || call.principal.customer == customer;
}

Result<Month> month_of_call(const std::string& text) {
    const auto month = month_of_text(text);
    if (month) return *month;
    return Error(ErrorCode::invalid_argument,
                 "\"" + text.substr(0, 40) + "\" is not a month: write it as 2026-11");
}

Answer read_tax(AdminState& state, Call call) {
    const CustomerId customer(call.captures[0]);
    if (!is_of(call, customer)) co_return Error(ErrorCode::not_found, "no such customer");
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto buyer, Invoices(store).tax(customer));
        return json::value(to_json(buyer));
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer set_tax(AdminState& state, Call call) {
    const CustomerId customer(call.captures[0]);
    if (!is_of(call, customer)) co_return Error(ErrorCode::not_found, "no such customer");
    GLEANER_CO_TRY(const auto buyer, buyer_from(call.body));
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(Invoices(store).set_tax(customer, buyer));
        return json::value(to_json(buyer));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

using Documents = std::vector<Invoice>;

Answer issue(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto text, call.body.text("month"));
    GLEANER_CO_TRY(call.body.no_more());
    GLEANER_CO_TRY(const auto month, month_of_call(text));
    std::function<Result<std::vector<store::Customer>>(Store&)> listing = [](Store& store) {
        return store.customers();
    };
    auto listed = co_await state.needs.store.read<std::vector<store::Customer>>(std::move(listing));
    if (listed.has_error()) co_return std::move(listed).error();
    const auto customers = std::move(listed).value();
    const std::string by = call.principal.subject;
    json::array data;
    // Each group is a transaction of its own: what fails half-way is done again by repeating it.
    for (std::size_t first = 0; first < customers.size(); first += customers_at_once) {
        std::function<Result<Documents>(Store&)> work = [&,
                                                         first](Store& store) -> Result<Documents> {
            Documents documents;
            for (auto i = first; i < std::min(first + customers_at_once, customers.size()); ++i) {
                GLEANER_TRY(auto issued, Invoices(store).issue(customers[i].id, month,
                                                               state.options.invoices, by));
                std::ranges::move(issued, std::back_inserter(documents));
            }
            return documents;
        };
        const auto group = co_await state.needs.store.write<Documents>(std::move(work));
        if (group.has_error()) co_return group.error();
        for (const auto& invoice : group.value()) data.push_back(to_json(invoice));
    }
    co_return json::value(json::object{{"month", month_text(month)}, {"data", std::move(data)}});
}

/// `month=`, `customer=`: of a customer's own key always theirs.
Result<store::InvoiceFilter> filter_of(const Call& call) {
    store::InvoiceFilter filter;
    const std::string month = call.parameter("month");
    if (!month.empty()) {
        GLEANER_TRY(filter.month, month_of_call(month));
    }
    filter.customer = CustomerId(call.parameter("customer"));
    if (!call.by(PrincipalKind::operator_)) filter.customer = call.principal.customer;
    return filter;
}

Answer list(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto filter, filter_of(call));
    const std::string after = call.parameter("after");
    call.query.erase("after");  // a number that is text
    GLEANER_CO_TRY(const auto page, page_of(call));
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto found, Invoices(store).list(filter, after, page.limit));
        auto shown = to_list(found);
        shown.get_object()["has_more"] = static_cast<std::int64_t>(found.size()) == page.limit;
        return shown;
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Result<Document> in_form(const Invoice& invoice, Form form, documents::Language language) {
    if (form == Form::csv)
        return Error(ErrorCode::invalid_argument,
                     "an invoice comes as json, html or pdf; its fapiao data as csv: "
                     "/api/v1/invoices/export");
    std::string text = json::serialize(to_json(invoice));
    if (form == Form::json) return Document(content_type(form), {}, std::move(text));
    const auto paper =
        documents::invoice_paper(invoice, hash_bytes(std::string_view(text)).get(), language);
    return set_paper(paper, invoice.number, form);
}

DocumentAnswer show(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto form, form_of(call));
    GLEANER_CO_TRY(const auto language, language_of(call));
    std::function<Result<Invoice>(Store&)> reading = [&call](Store& store) -> Result<Invoice> {
        GLEANER_TRY(auto found, Invoices(store).invoice(call.captures[0]));
        if (!is_of(call, found.customer)) return Error(ErrorCode::not_found, "no such invoice");
        return found;
    };
    auto answer = co_await state.needs.store.read<Invoice>(std::move(reading));
    if (answer.has_error()) co_return std::move(answer).error();
    std::function<Result<Document>()> setting = [form, language,
                                                 invoice = std::move(answer).value()] {
        return in_form(invoice, form, language);
    };
    co_return co_await run_blocking<Document>(state.needs.blocking, std::move(setting));
}

Result<Documents> all_of_month(Store& store, const store::InvoiceFilter& filter) {
    constexpr std::int64_t page_rows = 500;
    Documents all;
    for (std::string after;;) {
        GLEANER_TRY(auto page, Invoices(store).list(filter, after, page_rows));
        const bool last = static_cast<std::int64_t>(page.size()) < page_rows;
        if (!page.empty()) after = page.back().number;
        std::ranges::move(page, std::back_inserter(all));
        if (last) return all;
    }
}

Result<Document> export_in_form(const Documents& invoices, const std::string& month, Form form,
                                const std::string& sheet) {
    if (form == Form::json) {
        json::array data;
        for (const auto& invoice : invoices) data.push_back(fapiao_json(invoice));
        const json::object object{{"month", month}, {"data", std::move(data)}};
        return Document(content_type(form), {}, json::serialize(object));
    }
    if (form != Form::csv)
        return Error(ErrorCode::invalid_argument, "fapiao data come as json or csv");
    const bool details = sheet == "details";
    if (!details && sheet != "basics")
        return Error(ErrorCode::invalid_argument,
                     "the tax system's template has two sheets: sheet=basics and sheet=details");
    return Document(
        content_type(form), file_name("fapiao-" + month + "-" + sheet, form),
        details ? documents::fapiao_details_csv(invoices) : documents::fapiao_basics_csv(invoices));
}

DocumentAnswer export_month(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto form, form_of(call));
    const std::string month = call.parameter("month");
    GLEANER_CO_TRY(const auto parsed, month_of_call(month));
    const store::InvoiceFilter filter{parsed, {}};
    std::function<Result<Documents>(Store&)> reading = [&filter](Store& store) {
        return all_of_month(store, filter);
    };
    const auto answer = co_await state.needs.store.read<Documents>(std::move(reading));
    if (answer.has_error()) co_return answer.error();
    co_return export_in_form(answer.value(), month, form, call.parameter("sheet"));
}

}  // namespace

std::vector<AdminRoute> invoice_routes() {
    constexpr unsigned of_customer = operators | customers;
    constexpr unsigned accountants = admins | finance;
    constexpr store::Scopes readers{store::Scope::usage, store::Scope::admin};
    return {
        {.method = api::Method::get,
         .pattern = "/api/v1/customers/{id}/tax",
         .who = of_customer,
         .handler = read_tax,
         .one_of = readers},
        {.method = api::Method::put,
         .pattern = "/api/v1/customers/{id}/tax",
         .who = accountants | customers,
         .handler = set_tax,
         .one_of = {store::Scope::admin}},
        {.method = api::Method::post,
         .pattern = "/api/v1/invoices",
         .who = accountants,
         .handler = issue},
        {.method = api::Method::get,
         .pattern = "/api/v1/invoices",
         .who = of_customer,
         .handler = list,
         .one_of = readers},
        {.method = api::Method::get,
         .pattern = "/api/v1/invoices/export",
         .who = accountants,
         .handler = nullptr,
         .document = export_month},
        {.method = api::Method::get,
         .pattern = "/api/v1/invoices/{number}",
         .who = of_customer,
         .handler = nullptr,
         .one_of = readers,
         .document = show},
    };
}

}  // namespace gleaner::admin
