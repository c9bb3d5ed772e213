#include "hsm/wire.h"

#include <algorithm>
#include <concepts>
#include <limits>
#include <utility>

#include "firmware/base/check.h"

namespace privyseal::hsm {
namespace {

constexpr std::uint8_t kVersion = 4;
// The kind is one of these plus the body's place in its variant, so the order of
// the variants is part of the protocol.
constexpr std::uint8_t kFirstRequest = 0x01;
constexpr std::uint8_t kFirstAnswer = 0x81;
static_assert(std::to_underlying(ErrorCode::kInvalid) == 0 && std::to_underlying(ErrorCode::kClosed) == 6,
              "an error code's number is on the wire");

/// Appends fields. It has the same members as Reader, so that `fields` below says
/// the order of a struct's fields once, for both directions.
class Writer {
 public:
  template <std::unsigned_integral Number>
  void number(Number value) {
    for (std::size_t i = 0; i < sizeof(Number); ++i)
      bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
  template <class Enum>
  void enumerator(Enum value, Enum, Enum) {
    number(static_cast<std::uint8_t>(value));
  }
  void flag(bool value) { number(static_cast<std::uint8_t>(value ? 1 : 0)); }
  void bytes(ByteView value) {
    CHECK(value.size() <= std::numeric_limits<std::uint16_t>::max());
    number(static_cast<std::uint16_t>(value.size()));
    append(bytes_, value);
  }
  void bytes(ByteView value, std::size_t most_bytes) {
    CHECK(value.size() <= most_bytes);
    bytes(value);
  }
  void key_id(ByteView value) {
    CHECK(!value.empty() && value.size() <= kMaxKeyIdBytes);
    bytes(value);
  }
  void name(std::string_view value) {
    CHECK(is_key_name(value));
    bytes(bytes_of(value));
  }
  void error_text(std::string_view value) { bytes(bytes_of(value.substr(0, kMaxErrorBytes))); }
  void text(std::string_view value, std::size_t most_bytes) {
    CHECK(value.size() <= most_bytes);
    bytes(bytes_of(value));
  }
  void count(std::uint16_t value, std::uint16_t most) {
    CHECK(value >= 1 && value <= most);
    number(value);
  }
  void entries(const std::vector<std::string>& lines) {
    CHECK(lines.size() <= kMaxAuditEntries);
    number(static_cast<std::uint16_t>(lines.size()));
    for (const std::string& line : lines) text(line, kMaxEntryBytes);
  }
  template <class Item>
  void list(const std::vector<Item>& items, std::size_t most = kMaxKeys);

  [[nodiscard]] Bytes finish() && {
    CHECK(bytes_.size() <= kMaxMessageBytes);
    return std::move(bytes_);
  }

 private:
  Bytes bytes_;
};

/// Takes fields from the front. After the first fault every field reads as empty
/// and `is_complete` stays false, so callers need to ask only once, at the end.
class Reader {
 public:
  explicit Reader(ByteView bytes) : left_(bytes) {}

  template <std::unsigned_integral Number>
  void number(Number& value) {
    value = 0;
    std::size_t shift = 0;
    for (const std::byte byte : take(sizeof(Number))) {
      value = static_cast<Number>(value | static_cast<Number>(static_cast<Number>(byte) << shift));
      shift += 8;
    }
  }
  template <class Enum>
  void enumerator(Enum& value, Enum first, Enum last) {
    std::uint8_t raw = 0;
    number(raw);
    if (raw < static_cast<std::uint8_t>(first) || raw > static_cast<std::uint8_t>(last)) is_bad_ = true;
    value = is_bad_ ? first : static_cast<Enum>(raw);
  }
  void flag(bool& value) {
    std::uint8_t raw = 0;
    number(raw);
    if (raw > 1) is_bad_ = true;
    value = raw == 1;
  }
  void bytes(Bytes& value) { value = copy_of(counted()); }
  void bytes(Bytes& value, std::size_t most_bytes) {
    bytes(value);
    if (value.size() > most_bytes) is_bad_ = true;
  }
  void key_id(Bytes& value) {
    bytes(value);
    if (value.empty() || value.size() > kMaxKeyIdBytes) is_bad_ = true;
  }
  void name(std::string& value) {
    value = text_of(counted());
    if (!is_key_name(value)) is_bad_ = true;
  }
  void error_text(std::string& value) {
    value = text_of(counted());
    if (value.size() > kMaxErrorBytes) is_bad_ = true;
  }
  void text(std::string& value, std::size_t most_bytes) {
    value = text_of(counted());
    if (value.size() > most_bytes) is_bad_ = true;
  }
  void count(std::uint16_t& value, std::uint16_t most) {
    number(value);
    if (value < 1 || value > most) is_bad_ = true;
  }
  void entries(std::vector<std::string>& lines) {
    std::uint16_t size = 0;
    number(size);
    if (size > kMaxAuditEntries) is_bad_ = true;
    for (std::size_t i = 0; i < size && !is_bad_; ++i) text(lines.emplace_back(), kMaxEntryBytes);
  }
  template <class Item>
  void list(std::vector<Item>& items, std::size_t most = kMaxKeys);

  [[nodiscard]] bool is_complete() const { return !is_bad_ && left_.empty(); }

 private:
  ByteView take(std::size_t size) {
    if (is_bad_ || size > left_.size()) {
      is_bad_ = true;
      return {};
    }
    const ByteView taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
  }
  ByteView counted() {
    std::uint16_t size = 0;
    number(size);
    return take(size);
  }

  ByteView left_;
  bool is_bad_ = false;
};

template <class T, class Struct>
concept IsA = std::same_as<std::remove_const_t<T>, Struct>;

void fields(auto& io, IsA<KeyInfo> auto& key) {
  io.name(key.name);
  io.enumerator(key.role, KeyRole::kCjsmIdentity, KeyRole::kConsoleIdentity);
  io.enumerator(key.type, KeyType::kEcP256, kLastKeyType);
  io.bytes(key.public_key);
}
void fields(auto& io, IsA<KeyUses> auto& uses) {
  io.name(uses.name);
  io.number(uses.tls_client);
  io.number(uses.tls_server);
  io.number(uses.csr);
  io.number(uses.certificate);
  io.number(uses.crl);
  io.number(uses.checkpoint);
  io.number(uses.ocsp);
  io.number(uses.tls12_server);
  io.number(uses.refused);
}
void fields(auto& io, IsA<RetiredKey> auto& key) {
  io.name(key.name);
  io.enumerator(key.role, KeyRole::kCjsmIdentity, KeyRole::kConsoleIdentity);
  io.number(key.retired_at);
}

void fields(auto&, IsA<HealthRequest> auto&) {}
void fields(auto&, IsA<ListKeysRequest> auto&) {}
void fields(auto& io, IsA<FindKeyRequest> auto& request) { io.name(request.name); }
void fields(auto& io, IsA<SignTls13Request> auto& request) {
  io.name(request.name);
  io.bytes(request.message);
  io.enumerator(request.hash, Hash::kOfKey, Hash::kSha512);
}
void fields(auto& io, IsA<SignCsrRequest> auto& request) {
  io.name(request.name);
  io.bytes(request.request_info);
}
void fields(auto& io, IsA<GenerateRequest> auto& request) {
  io.name(request.name);
  io.enumerator(request.role, KeyRole::kCjsmIdentity, KeyRole::kConsoleIdentity);
  io.enumerator(request.type, KeyType::kEcP256, kLastKeyType);
}
void fields(auto&, IsA<CountUsesRequest> auto&) {}
void fields(auto& io, IsA<SignCheckpointRequest> auto& request) {
  io.name(request.name);
  io.text(request.text, kMaxCheckpointBytes);
}
void fields(auto& io, IsA<SignCertificateRequest> auto& request) {
  io.name(request.name);
  io.bytes(request.tbs_certificate);
}
void fields(auto& io, IsA<SignCrlRequest> auto& request) {
  io.name(request.name);
  io.bytes(request.tbs_cert_list);
}
void fields(auto& io, IsA<RetireRequest> auto& request) { io.name(request.name); }
void fields(auto& io, IsA<ReadAuditRequest> auto& request) {
  io.number(request.after);
  io.count(request.limit, kMaxAuditEntries);
}
void fields(auto&, IsA<ReadAuditCheckpointRequest> auto&) {}
void fields(auto& io, IsA<FindKeyByIdRequest> auto& request) { io.key_id(request.id); }
void fields(auto& io, IsA<SignOcspRequest> auto& request) {
  io.name(request.name);
  io.bytes(request.response_data);
}
void fields(auto& io, IsA<SignTls12Request> auto& request) {
  io.name(request.name);
  io.bytes(request.message);
  io.enumerator(request.hash, Hash::kOfKey, Hash::kSha512);
}

void fields(auto& io, IsA<Approval> auto& approval) {
  io.name(approval.person);
  io.bytes(approval.authenticator_data, kMaxAuthenticatorDataBytes);
  io.text(approval.client_data, kMaxClientDataBytes);
  io.bytes(approval.signature, kMaxPasskeySignatureBytes);
}
void fields(auto& io, IsA<DestroyRequest> auto& request) {
  io.name(request.name);
  io.text(request.text, kMaxDestructionBytes);
  for (auto& approval : request.approvals) fields(io, approval);
}
void fields(auto&, IsA<ListRetiredKeysRequest> auto&) {}

void fields(auto& io, IsA<HealthAnswer> auto& answer) {
  io.flag(answer.ready);
  io.text(answer.token, kMaxFactBytes);
  io.text(answer.cpu, kMaxFactBytes);
}
void fields(auto& io, IsA<KeysAnswer> auto& answer) { io.list(answer.keys); }
void fields(auto& io, IsA<SignatureAnswer> auto& answer) { io.bytes(answer.signature); }
void fields(auto& io, IsA<UsesAnswer> auto& answer) { io.list(answer.uses); }
void fields(auto& io, IsA<ErrorAnswer> auto& answer) {
  io.enumerator(answer.code, ErrorCode::kInvalid, ErrorCode::kClosed);
  io.error_text(answer.message);
}
void fields(auto&, IsA<DoneAnswer> auto&) {}
void fields(auto& io, IsA<AuditEntriesAnswer> auto& answer) { io.entries(answer.entries); }
void fields(auto& io, IsA<AuditCheckpointAnswer> auto& answer) {
  io.number(answer.size);
  io.text(answer.note, kMaxNoteBytes);
}
void fields(auto& io, IsA<RetiredKeysAnswer> auto& answer) { io.list(answer.keys, kMaxRetiredKeys); }

template <class Item>
void Writer::list(const std::vector<Item>& items, std::size_t most) {
  CHECK(items.size() <= most);
  number(static_cast<std::uint16_t>(items.size()));
  for (const Item& item : items) fields(*this, item);
}

template <class Item>
void Reader::list(std::vector<Item>& items, std::size_t most) {
  std::uint16_t count = 0;
  number(count);
  if (count > most) is_bad_ = true;
  for (std::size_t i = 0; i < count && !is_bad_; ++i) fields(*this, items.emplace_back());
}

/// Makes `body` the alternative that `place` names and reads its fields.
template <class Body, std::size_t... kPlaces>
bool read_body(Reader& reader, std::size_t place, Body& body, std::index_sequence<kPlaces...>) {
  return ((place == kPlaces && (fields(reader, body.template emplace<kPlaces>()), true)) || ...);
}

template <class Message>
Bytes write(const Message& message, std::uint8_t first_kind) {
  Writer writer;
  writer.number(kVersion);
  writer.number(static_cast<std::uint8_t>(first_kind + message.body.index()));
  writer.number(message.id);
  std::visit([&](const auto& body) { fields(writer, body); }, message.body);
  return std::move(writer).finish();
}

template <class Message>
Result<Message> read(ByteView bytes, std::uint8_t first_kind) {
  using Body = decltype(Message::body);
  if (bytes.size() > kMaxMessageBytes) return fail(ErrorCode::kInvalid, "message: too long");
  Reader reader(bytes);
  std::uint8_t version = 0;
  std::uint8_t kind = 0;
  Message message;
  reader.number(version);
  reader.number(kind);
  reader.number(message.id);
  if (version != kVersion) return fail(ErrorCode::kInvalid, "message: another version");
  const auto place = static_cast<std::size_t>(kind) - first_kind;  // a kind below wraps: no such place
  if (!read_body(reader, place, message.body, std::make_index_sequence<std::variant_size_v<Body>>()))
    return fail(ErrorCode::kInvalid, "message: unknown kind");
  if (!reader.is_complete()) return fail(ErrorCode::kInvalid, "message: wrong length or value");
  return message;
}

}  // namespace

bool is_key_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxKeyNameBytes && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

void keep_what_fits(std::vector<std::string>& entries) {
  std::size_t bytes = 1 + 1 + 4 + 2;  // version, kind, id, count
  std::size_t kept = 0;
  for (; kept < entries.size() && kept < kMaxAuditEntries; ++kept) {
    bytes += 2 + entries[kept].size();
    if (bytes > kMaxMessageBytes) break;
  }
  entries.resize(kept);
}

Bytes to_bytes(const Request& request) { return write(request, kFirstRequest); }
Bytes to_bytes(const Answer& answer) { return write(answer, kFirstAnswer); }
Result<Request> parse_request(ByteView message) { return read<Request>(message, kFirstRequest); }
Result<Answer> parse_answer(ByteView message) { return read<Answer>(message, kFirstAnswer); }

}  // namespace privyseal::hsm
