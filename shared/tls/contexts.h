#pragma once
/// The six kinds of TLS end point of this system, each with its whole policy. A context serves any
/// number of connections; nothing here does I/O except the builders that take paths.

#include <string>
#include <string_view>

#include <boost/asio/ssl/context.hpp>

#include "shared/tls/key_pair.h"
#include "shared/util/result.h"

namespace gleaner::tls {

/// What nodes and the gateway agree on by ALPN.
inline constexpr std::string_view node_protocol = "gleaner/1";

/// The node gateway: TLS 1.3 only, ALPN gleaner/1 only, a client certificate is optional (a node
/// that enrols has none) but, when sent, must be the authority's. No session tickets: a reconnect
/// is a full handshake, so a revoked certificate cannot be resumed. `chain_pem`: the server's
/// certificate; the authority's is appended so that a joining node can pin it.
[[nodiscard]] Result<boost::asio::ssl::context> gateway_server_context(
    const std::string& chain_pem, const KeyPair& key, const std::string& authority_pem);

/// The customers' API: TLS 1.2 or 1.3, ALPN http/1.1 (or none).
[[nodiscard]] Result<boost::asio::ssl::context> api_server_context(const std::string& chain_pem,
                                                                   const KeyPair& key);
/// The same with an operator's own certificate (any key type OpenSSL reads).
[[nodiscard]] Result<boost::asio::ssl::context> api_server_context_from_files(
    const std::string& chain_path, const std::string& key_path);

/// An enrolled node: TLS 1.3, trusts only `authority_pem`, shows its certificate. The server's name
/// is not checked: the private authority issues server certificates only to coordinators.
[[nodiscard]] Result<boost::asio::ssl::context> node_client_context(
    const std::string& authority_pem, const std::string& certificate_pem, const KeyPair& key);

/// An enrolled node that takes from a neighbour: as node_client_context, but the server must show a
/// node's certificate, not a coordinator's. Neighbours serve with gateway_server_context.
[[nodiscard]] Result<boost::asio::ssl::context> neighbour_client_context(
    const std::string& authority_pem, const std::string& certificate_pem, const KeyPair& key);

/// A node that enrols: trusts the authority whose public key has this SHA-256 (64 hex characters,
/// from the enrolment token), and no other.
[[nodiscard]] Result<boost::asio::ssl::context> joining_node_context(
    std::string_view authority_pin);

/// A client of the API. `ca_path`: the authority's PEM file; empty: the system's authorities.
/// Call `expect_host` on each connection.
[[nodiscard]] Result<boost::asio::ssl::context> api_client_context(const std::string& ca_path);
/// The same with the authority's certificates themselves, PEM. Error: invalid_argument.
[[nodiscard]] Result<boost::asio::ssl::context> api_client_context_trusting(
    const std::string& authority_pem);

/// Makes a client connection send `host` by SNI (unless it is an address) and demand that the
/// server's certificate is for it. Errors: invalid_argument.
[[nodiscard]] Status expect_host(SSL* connection, const std::string& host);

/// The application protocol agreed on; empty when the peer offered none.
[[nodiscard]] std::string negotiated_protocol(const SSL* connection);

}  // namespace gleaner::tls
