/// What is said on keyd's socket: one request or one answer is one SEQPACKET message.
///
/// Every request has a meaning that keyd can check; there is none that signs a
/// digest. The bytes are versioned and little-endian: version, kind, id, then the
/// fields in the order of the structs below, texts and byte strings with a 16-bit
/// length in front.
///
/// Pure: no socket, no OpenSSL. `parse_*` are total: any bytes give a value or kInvalid.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::hsm {

inline constexpr std::size_t kMaxMessageBytes = 40'960;
inline constexpr std::size_t kMaxKeyNameBytes = 32;     ///< [a-z0-9-], not empty
inline constexpr std::size_t kMaxKeyIdBytes = 64;       ///< CKA_ID; keyd's own have 16
inline constexpr std::size_t kMaxKeys = 64;             ///< in one answer; with this many it surely fits
inline constexpr std::size_t kMaxErrorBytes = 256;      ///< longer error messages are cut
inline constexpr std::size_t kMaxPublicKeyBytes = 550;  ///< SubjectPublicKeyInfo of RSA-4096
// Version, kind, id, count; for each key its name, role, type and public key.
static_assert(8 + kMaxKeys * (2 + kMaxKeyNameBytes + 2 + 2 + kMaxPublicKeyBytes) <= kMaxMessageBytes);
inline constexpr std::size_t kMaxRetiredKeys = 512;  ///< in one answer
// Here its name, role and time.
static_assert(8 + kMaxRetiredKeys * (2 + kMaxKeyNameBytes + 1 + 8) <= kMaxMessageBytes);
inline constexpr std::size_t kMaxCheckpointBytes = 512;
inline constexpr std::size_t kMaxNoteBytes = 2048;              ///< a signed checkpoint
inline constexpr std::size_t kMaxFactBytes = 128;               ///< a text of the health answer
inline constexpr std::size_t kMaxEntryBytes = 4096;             ///< one line of the audit log
inline constexpr std::size_t kMaxDestructionBytes = 512;        ///< the text of hsm/destruction.h
inline constexpr std::size_t kMaxAuthenticatorDataBytes = 512;  ///< of a passkey; without extensions it is 37
inline constexpr std::size_t kMaxClientDataBytes = 1024;
inline constexpr std::size_t kMaxPasskeySignatureBytes = 128;
inline constexpr std::size_t kMaxAuditEntries = 500;  ///< in one answer; fewer when they would not fit

enum class KeyType : std::uint8_t {
  kEcP256 = 1,
  kEcP384 = 2,
  kEd25519 = 3,
  kRsa2048 = 4,
  kRsa3072 = 5,
  kRsa4096 = 6,
};
inline constexpr KeyType kLastKeyType = KeyType::kRsa4096;

/// The hash of an RSA-PSS signature, which the TLS peers agree on (RFC 8446 section 4.2.3). Keys of other
/// types have one way to sign.
enum class Hash : std::uint8_t {
  kOfKey = 0,  ///< the one of the key's type; SHA-256 for RSA
  kSha256 = 1,
  kSha384 = 2,
  kSha512 = 3,
};

/// How long making a key may take: tokens look for the primes of a large RSA key for a minute and more. keyd
/// gives up first, so that its caller hears why.
inline constexpr std::chrono::seconds kToMakeAKey{120};
inline constexpr std::chrono::seconds kKeydsToMakeAKey{115};
static_assert(kKeydsToMakeAKey < kToMakeAKey);

/// What a key is for, for its whole life. It is part of the token object's label.
enum class KeyRole : std::uint8_t {
  kCjsmIdentity = 1,     ///< the Egress-issued identity: TLS client and TLS server on the CJSM side
  kLanIdentity = 2,      ///< TLS server on the organisation's side
  kAudit = 3,            ///< signs checkpoints of audit logs, and packs of evidence
  kIssuingCa = 4,        ///< the appliance's own CA: signs certificates, CRLs and OCSP responses
  kConsoleIdentity = 5,  ///< TLS server of the console
};

struct KeyInfo {
  std::string name;
  KeyRole role;
  KeyType type;
  Bytes public_key;  ///< SubjectPublicKeyInfo, DER
  bool operator==(const KeyInfo&) const = default;
};

/// Uses since the key was made; those of the last seconds before keyd was killed may be missing. Refusals are
/// requests that named this key since keyd started.
struct KeyUses {
  std::string name;
  std::uint64_t tls_client = 0;
  std::uint64_t tls_server = 0;
  std::uint64_t csr = 0;
  std::uint64_t certificate = 0;
  std::uint64_t crl = 0;
  std::uint64_t checkpoint = 0;
  std::uint64_t ocsp = 0;
  std::uint64_t tls12_server = 0;  ///< not among tls_server
  std::uint64_t refused = 0;
  bool operator==(const KeyUses&) const = default;
};

/// It signs nothing and is never offered again, but its objects are still on the token.
struct RetiredKey {
  std::string name;
  KeyRole role;
  std::uint64_t retired_at = 0;  ///< seconds since 1970; 0: not known
  bool operator==(const RetiredKey&) const = default;
};

struct HealthRequest {
  bool operator==(const HealthRequest&) const = default;
};
struct ListKeysRequest {
  bool operator==(const ListKeysRequest&) const = default;
};
struct FindKeyRequest {
  std::string name;
  bool operator==(const FindKeyRequest&) const = default;
};
/// `message` is the whole input of a TLS 1.3 CertificateVerify signature (RFC 8446 section 4.4.3).
struct SignTls13Request {
  std::string name;
  Bytes message;
  Hash hash = Hash::kOfKey;
  bool operator==(const SignTls13Request&) const = default;
};
/// `request_info` is a DER CertificationRequestInfo (RFC 2986 section 4.1) for the key's own public key.
struct SignCsrRequest {
  std::string name;
  Bytes request_info;
  bool operator==(const SignCsrRequest&) const = default;
};
struct GenerateRequest {
  std::string name;
  KeyRole role;
  KeyType type;
  bool operator==(const GenerateRequest&) const = default;
};
struct CountUsesRequest {
  bool operator==(const CountUsesRequest&) const = default;
};
/// `text` is the body of a tlog-checkpoint: origin, size and root, a line each. Audit keys only.
struct SignCheckpointRequest {
  std::string name;
  std::string text;
  bool operator==(const SignCheckpointRequest&) const = default;
};
/// `tbs_certificate` is a DER TBSCertificate (RFC 5280 section 4.1). Issuing CA only.
struct SignCertificateRequest {
  std::string name;
  Bytes tbs_certificate;
  bool operator==(const SignCertificateRequest&) const = default;
};
/// `tbs_cert_list` is a DER TBSCertList (RFC 5280 section 5.1). Issuing CA only.
struct SignCrlRequest {
  std::string name;
  Bytes tbs_cert_list;
  bool operator==(const SignCrlRequest&) const = default;
};
/// By CKA_ID, for those who know a key from a PKCS #11 URI.
struct FindKeyByIdRequest {
  Bytes id;
  bool operator==(const FindKeyByIdRequest&) const = default;
};
/// The key is never offered or used again. Asking twice does no harm.
struct RetireRequest {
  std::string name;
  bool operator==(const RetireRequest&) const = default;
};
/// keyd's own audit log, from entry number `after` on.
struct ReadAuditRequest {
  std::uint64_t after = 0;
  std::uint16_t limit = 0;  ///< 1 to kMaxAuditEntries
  bool operator==(const ReadAuditRequest&) const = default;
};
struct ReadAuditCheckpointRequest {
  bool operator==(const ReadAuditCheckpointRequest&) const = default;
};

/// `response_data` is a DER ResponseData (RFC 6960 section 4.2.1). Issuing CA only.
struct SignOcspRequest {
  std::string name;
  Bytes response_data;
  bool operator==(const SignOcspRequest&) const = default;
};
/// `message` is what a server signs in TLS 1.2: both randoms and the parameters of its key agreement
/// (RFC 8422 section 5.4). Refused unless keyd's settings have an exception for the key's role.
struct SignTls12Request {
  std::string name;
  Bytes message;
  Hash hash = Hash::kOfKey;
  bool operator==(const SignTls12Request&) const = default;
};

/// A person's word for it: what a passkey gives back when it is asked (WebAuthn level 2, section 5.2.2).
struct Approval {
  std::string person;  ///< as a key name
  Bytes authenticator_data;
  std::string client_data;  ///< JSON
  Bytes signature;
  bool operator==(const Approval&) const = default;
};
/// The retired key is taken off the token, for ever. `text` says so (hsm/destruction.h), and two persons have
/// approved it.
struct DestroyRequest {
  std::string name;
  std::string text;
  std::array<Approval, 2> approvals;
  bool operator==(const DestroyRequest&) const = default;
};
/// What there is to be destroyed.
struct ListRetiredKeysRequest {
  bool operator==(const ListRetiredKeysRequest&) const = default;
};

struct Request {
  std::uint32_t id = 0;  ///< the answer carries it; requests may be pipelined
  std::variant<HealthRequest, ListKeysRequest, FindKeyRequest, SignTls13Request, SignCsrRequest,
               GenerateRequest, CountUsesRequest, SignCheckpointRequest, SignCertificateRequest,
               SignCrlRequest, RetireRequest, ReadAuditRequest, ReadAuditCheckpointRequest,
               FindKeyByIdRequest, SignOcspRequest, SignTls12Request, DestroyRequest, ListRetiredKeysRequest>
      body;
  bool operator==(const Request&) const = default;
};

struct HealthAnswer {
  bool ready = false;
  std::string token =
      {};  ///< maker and model, printable ASCII, as the token says: "SoftHSM project, SoftHSM v2"
  std::string cpu = {};  ///< what keyd's libcrypto uses of the processor (firmware/base/cpu_crypto.h)
  bool operator==(const HealthAnswer&) const = default;
};
using Health = HealthAnswer;
struct KeysAnswer {
  std::vector<KeyInfo> keys;
  bool operator==(const KeysAnswer&) const = default;
};  ///< to list, find, generate
/// As TLS and X.509 carry it: for EC an ECDSA-Sig-Value in DER (RFC 3279 section 2.2.3), for Ed25519 R || S
/// (RFC 8032), for RSA one number of the modulus's size: PSS for TLS, PKCS #1 v1.5 for a CSR (RFC 8017).
struct SignatureAnswer {
  Bytes signature;
  bool operator==(const SignatureAnswer&) const = default;
};
struct UsesAnswer {
  std::vector<KeyUses> uses;
  bool operator==(const UsesAnswer&) const = default;
};
struct ErrorAnswer {
  ErrorCode code;
  std::string message;
  bool operator==(const ErrorAnswer&) const = default;
};
struct DoneAnswer {
  bool operator==(const DoneAnswer&) const = default;
};  ///< to retire, destroy
/// Empty: the log has no entry there. Otherwise as many of the asked ones as fit, at least one.
struct AuditEntriesAnswer {
  std::vector<std::string> entries;  ///< canonical JSON, a line each
  bool operator==(const AuditEntriesAnswer&) const = default;
};
struct AuditCheckpointAnswer {
  std::uint64_t size = 0;  ///< of the log now
  std::string note;        ///< the last signed checkpoint, or empty
  bool operator==(const AuditCheckpointAnswer&) const = default;
};
/// The ones that were retired first, kMaxRetiredKeys at most.
struct RetiredKeysAnswer {
  std::vector<RetiredKey> keys;
  bool operator==(const RetiredKeysAnswer&) const = default;
};

struct Answer {
  std::uint32_t id = 0;
  std::variant<HealthAnswer, KeysAnswer, SignatureAnswer, UsesAnswer, ErrorAnswer, DoneAnswer,
               AuditEntriesAnswer, AuditCheckpointAnswer, RetiredKeysAnswer>
      body;
  bool operator==(const Answer&) const = default;
};

/// 1 to kMaxKeyNameBytes of [a-z0-9-]. parse_* refuse any other name.
[[nodiscard]] bool is_key_name(std::string_view name);

/// Drops entries from the end until the rest fits into one answer. Entries are at most kMaxEntryBytes.
void keep_what_fits(std::vector<std::string>& entries);

/// The caller has seen to it that the names are key names, that texts and lists keep their limits
/// and that it all fits into kMaxMessageBytes (a CHECK); only an error's message may be too long, and is cut.
[[nodiscard]] Bytes to_bytes(const Request& request);
[[nodiscard]] Bytes to_bytes(const Answer& answer);
/// kInvalid: another version, an unknown kind or enumerator, a wrong length, bytes left over.
[[nodiscard]] Result<Request> parse_request(ByteView message);
[[nodiscard]] Result<Answer> parse_answer(ByteView message);

}  // namespace privyseal::hsm
