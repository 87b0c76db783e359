#pragma once
/// A batch's input file on its way to the coordinator.

#include <string>

#include <boost/json/value.hpp>

#include "client-core/cli/context.h"

namespace gleaner::cli {

/// `given`, or else the endpoint that the file's first line names, so that people need not repeat
/// it. Errors: not_found, invalid_argument.
[[nodiscard]] Result<std::string> batch_endpoint(const std::string& path, const std::string& given);

/// Sends the file; returns its id.
[[nodiscard]] Result<std::string> upload_batch_file(const Context& context, ApiClient& api,
                                                    const std::string& path);

/// What the coordinator warns of, to stderr: the `warnings` of a quote, or a batch's.
void print_warnings(const Context& context, const boost::json::value& reply);

}  // namespace gleaner::cli
