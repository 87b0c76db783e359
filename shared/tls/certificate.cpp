#include "shared/tls/certificate.h"

#include <ctime>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "shared/tls/key_pair.h"

namespace gleaner::tls {

namespace {

std::string name_entry(const X509* certificate, int nid) {
    const auto* name = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(name, nid, -1);
    if (at < 0) return {};
    unsigned char* text = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size < 0) return {};
    std::string value(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
    return value;
}

std::string serial_of(const X509* certificate) {
    const Handle<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
    char* hex = number ? BN_bn2hex(number.get()) : nullptr;
    if (hex == nullptr) return {};
    std::string serial(hex);
    OPENSSL_free(hex);
    for (auto& c : serial) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    return serial;
}

WallTime time_of(const ASN1_TIME* time) {
    // The difference from the epoch avoids timegm, which not every platform has.
    int days = 0;
    int seconds = 0;
    ASN1_TIME* epoch = ASN1_TIME_set(nullptr, 0);
    const int rc = ASN1_TIME_diff(&days, &seconds, epoch, time);
    ASN1_TIME_free(epoch);
    if (rc != 1) return {};
    return {(static_cast<std::int64_t>(days) * 86'400 + seconds) * 1'000'000};
}

}  // namespace

Result<Handle<X509>> parse_certificate(std::string_view pem) {
    const auto bio = bio_over(pem);
    Handle<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) {
        return openssl_error(ErrorCode::data_corrupt, "the text is no certificate in PEM");
    }
    return certificate;
}

Result<std::string> certificate_pem(X509* certificate) {
    const Handle<BIO> bio(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(bio.get(), certificate) != 1) {
        return openssl_error(ErrorCode::internal, "cannot write the certificate");
    }
    return text_of(bio.get());
}

CertificateFacts facts_of(const X509* certificate) {
    return {.common_name = name_entry(certificate, NID_commonName),
            .organisation = name_entry(certificate, NID_organizationName),
            .serial = serial_of(certificate),
            .not_before = time_of(X509_get0_notBefore(certificate)),
            .not_after = time_of(X509_get0_notAfter(certificate))};
}

Result<CertificateFacts> certificate_facts(std::string_view pem) {
    GLEANER_TRY(const auto certificate, parse_certificate(pem));
    return facts_of(certificate.get());
}

Result<std::string> certificate_pin(std::string_view pem) {
    GLEANER_TRY(const auto certificate, parse_certificate(pem));
    auto* key = X509_get0_pubkey(certificate.get());
    if (key == nullptr) {
        return openssl_error(ErrorCode::data_corrupt, "the certificate has no usable public key");
    }
    return public_key_pin(key);
}

}  // namespace gleaner::tls
