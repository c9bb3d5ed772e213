#include "tests/peer/mbedtls_stream.h"

#include <mbedtls/net_sockets.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <psa/crypto.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "firmware/base/check.h"

namespace privyseal::peer {
namespace {

constexpr std::uint32_t kTicketSeconds = 3600;

void start_psa() {
  [[maybe_unused]] static const bool once = [] {
    CHECK(psa_crypto_init() == PSA_SUCCESS);
    return true;
  }();
}

/// mbed TLS's own function of this kind cannot be called from C++: its header lacks the linkage.
int random_bytes(void*, unsigned char* bytes, std::size_t size) {
  return psa_generate_random(bytes, size) == PSA_SUCCESS ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

std::unexpected<Error> tls_error(std::string_view doing, int code) {
  if (code == MBEDTLS_ERR_SSL_TIMEOUT) return fail(ErrorCode::kTimeout, std::string(doing) + ": no answer");
  if (code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || code == MBEDTLS_ERR_SSL_CONN_EOF ||
      code == MBEDTLS_ERR_NET_CONN_RESET || code == 0)
    return fail(ErrorCode::kClosed, std::string(doing) + ": the other side ended it");
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "-0x%04X", static_cast<unsigned>(-code));
  return fail(ErrorCode::kDenied, std::string(doing) + ": mbed TLS " + number.data());
}

int net_error(const Error& error) {
  return error.code == ErrorCode::kTimeout ? MBEDTLS_ERR_SSL_TIMEOUT : MBEDTLS_ERR_NET_CONN_RESET;
}

/// Also on a blocking connection: after a message that was not the caller's, such as a ticket.
bool must_repeat(int outcome) {
  return outcome == MBEDTLS_ERR_SSL_WANT_READ || outcome == MBEDTLS_ERR_SSL_WANT_WRITE ||
         outcome == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
}

/// mbed TLS wants a PEM text's length with its final NUL.
int parse_certificates(mbedtls_x509_crt* into, const std::string& pem) {
  return mbedtls_x509_crt_parse(into, reinterpret_cast<const unsigned char*>(pem.c_str()), pem.size() + 1);
}

int parse_key(mbedtls_pk_context* into, const std::string& pem) {
  return mbedtls_pk_parse_key(into, reinterpret_cast<const unsigned char*>(pem.c_str()), pem.size() + 1,
                              nullptr, 0, random_bytes, nullptr);
}

mbedtls_ssl_protocol_version version_number(TlsVersion version) {
  return version == TlsVersion::kTls12 ? MBEDTLS_SSL_VERSION_TLS1_2 : MBEDTLS_SSL_VERSION_TLS1_3;
}

/// mbed TLS says "TLS1-3-AES-256-GCM-SHA384", everybody else "TLS_AES_256_GCM_SHA384".
std::string suite_name(std::string_view name) {
  std::string suite = name.starts_with("TLS1-3-") ? "TLS_" + std::string(name.substr(7)) : std::string(name);
  std::ranges::replace(suite, '-', '_');
  return suite;
}

}  // namespace

struct TicketKeys::State {
  State() {
    start_psa();
    mbedtls_ssl_ticket_init(&context);
    CHECK(mbedtls_ssl_ticket_setup(&context, random_bytes, nullptr, MBEDTLS_CIPHER_AES_256_GCM,
                                   kTicketSeconds) == 0);
  }
  ~State() { mbedtls_ssl_ticket_free(&context); }
  State(const State&) = delete;  // mbed TLS keeps its address
  State& operator=(const State&) = delete;

  mbedtls_ssl_ticket_context context{};
};

TicketKeys::TicketKeys() : state_(std::make_unique<State>()) {}
TicketKeys::~TicketKeys() = default;

struct MbedTlsStream::State {
  State() {
    start_psa();
    mbedtls_ssl_init(&ssl);
    mbedtls_ssl_config_init(&config);
    mbedtls_x509_crt_init(&ca);
    mbedtls_x509_crt_init(&own);
    mbedtls_pk_init(&key);
  }
  ~State() {
    mbedtls_ssl_free(&ssl);
    mbedtls_ssl_config_free(&config);
    mbedtls_x509_crt_free(&ca);
    mbedtls_x509_crt_free(&own);
    mbedtls_pk_free(&key);
  }
  State(const State&) = delete;  // mbed TLS keeps its address
  State& operator=(const State&) = delete;

  int configure(const TlsOptions& options, int endpoint);
  int configure_peers(const TlsOptions& options);
  int configure_tickets(const TlsOptions& options, int endpoint);
  int load_session(const Bytes& saved);
  Result<void> note_facts();

  static int send(void* state, const unsigned char* bytes, std::size_t size);
  static int receive(void* state, unsigned char* bytes, std::size_t size);
  static int write_ticket(void* state, const mbedtls_ssl_session* session, unsigned char* start,
                          const unsigned char* end, std::size_t* length, std::uint32_t* lifetime);
  static int parse_ticket(void* state, mbedtls_ssl_session* session, unsigned char* bytes, std::size_t size);

  mbedtls_ssl_context ssl{};
  mbedtls_ssl_config config{};
  mbedtls_x509_crt ca{};
  mbedtls_x509_crt own{};
  mbedtls_pk_context key{};
  std::shared_ptr<TicketKeys> tickets;
  TcpSocket* socket = nullptr;
  std::chrono::milliseconds wait{0};
  int tickets_received = 0;
  bool resumption_offered = false;
  TlsFacts facts{};
};

int MbedTlsStream::State::send(void* state, const unsigned char* bytes, std::size_t size) {
  auto* self = static_cast<State*>(state);
  const auto sent = self->socket->write({reinterpret_cast<const char*>(bytes), size}, self->wait);
  return sent ? static_cast<int>(*sent) : net_error(sent.error());
}

int MbedTlsStream::State::receive(void* state, unsigned char* bytes, std::size_t size) {
  auto* self = static_cast<State*>(state);
  const auto got = self->socket->read({reinterpret_cast<char*>(bytes), size}, self->wait);
  return got ? static_cast<int>(*got) : net_error(got.error());
}

int MbedTlsStream::State::write_ticket(void* state, const mbedtls_ssl_session* session, unsigned char* start,
                                       const unsigned char* end, std::size_t* length,
                                       std::uint32_t* lifetime) {
  auto* self = static_cast<State*>(state);
  return mbedtls_ssl_ticket_write(&self->tickets->state_->context, session, start, end, length, lifetime);
}

int MbedTlsStream::State::parse_ticket(void* state, mbedtls_ssl_session* session, unsigned char* bytes,
                                       std::size_t size) {
  auto* self = static_cast<State*>(state);
  const int outcome = mbedtls_ssl_ticket_parse(&self->tickets->state_->context, session, bytes, size);
  if (outcome == 0) self->resumption_offered = true;
  return outcome;
}

int MbedTlsStream::State::configure(const TlsOptions& options, int endpoint) {
  if (const int bad = mbedtls_ssl_config_defaults(&config, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM,
                                                  MBEDTLS_SSL_PRESET_DEFAULT))
    return bad;
  mbedtls_ssl_conf_rng(&config, random_bytes, nullptr);
  mbedtls_ssl_conf_min_tls_version(&config, version_number(options.least));
  mbedtls_ssl_conf_max_tls_version(&config, version_number(options.most));
  if (const int bad = configure_peers(options)) return bad;
  if (const int bad = configure_tickets(options, endpoint)) return bad;
  if (const int bad = mbedtls_ssl_setup(&ssl, &config)) return bad;
  if (endpoint == MBEDTLS_SSL_IS_CLIENT) {
    const char* name = options.server_name.empty() ? nullptr : options.server_name.c_str();
    if (const int bad = mbedtls_ssl_set_hostname(&ssl, name)) return bad;
  }
  mbedtls_ssl_set_bio(&ssl, this, send, receive, nullptr);
  return options.session.empty() ? 0 : load_session(options.session);
}

int MbedTlsStream::State::configure_peers(const TlsOptions& options) {
  mbedtls_ssl_conf_authmode(&config, options.ca_pem.empty()       ? MBEDTLS_SSL_VERIFY_NONE
                                     : options.peer_may_be_nobody ? MBEDTLS_SSL_VERIFY_OPTIONAL
                                                                  : MBEDTLS_SSL_VERIFY_REQUIRED);
  if (!options.ca_pem.empty()) {
    if (const int bad = parse_certificates(&ca, options.ca_pem)) return bad;
    mbedtls_ssl_conf_ca_chain(&config, &ca, nullptr);
  }
  if (options.chain_pem.empty()) return 0;
  if (const int bad = parse_certificates(&own, options.chain_pem)) return bad;
  if (const int bad = parse_key(&key, options.key_pem)) return bad;
  return mbedtls_ssl_conf_own_cert(&config, &own, &key);
}

int MbedTlsStream::State::configure_tickets(const TlsOptions& options, int endpoint) {
  if (endpoint == MBEDTLS_SSL_IS_CLIENT) {
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        &config, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
    return 0;
  }
  tickets = options.tickets;
  if (tickets) mbedtls_ssl_conf_session_tickets_cb(&config, write_ticket, parse_ticket, this);
  return 0;
}

int MbedTlsStream::State::load_session(const Bytes& saved) {
  mbedtls_ssl_session session;
  mbedtls_ssl_session_init(&session);
  int outcome = mbedtls_ssl_session_load(&session, uchar(ByteView(saved)), saved.size());
  if (outcome == 0) outcome = mbedtls_ssl_set_session(&ssl, &session);
  mbedtls_ssl_session_free(&session);
  return outcome;
}

Result<void> MbedTlsStream::State::note_facts() {
  constexpr std::string_view kLabel = "EXPORTER-appliance-audit";
  facts.version = mbedtls_ssl_get_version_number(&ssl) == MBEDTLS_SSL_VERSION_TLS1_3 ? TlsVersion::kTls13
                                                                                     : TlsVersion::kTls12;
  facts.suite = suite_name(mbedtls_ssl_get_ciphersuite(&ssl));
  facts.resumption_offered = resumption_offered;
  if (const mbedtls_x509_crt* peer = mbedtls_ssl_get_peer_cert(&ssl)) {
    std::array<char, 512> subject{};
    mbedtls_x509_dn_gets(subject.data(), subject.size(), &peer->subject);
    facts.peer_subject = subject.data();
    facts.peer_serial = to_hex(std::as_bytes(std::span(peer->serial.p, peer->serial.len)));
    if (mbedtls_ssl_get_verify_result(&ssl) == 0)
      facts.peer_der = copy_of(std::as_bytes(std::span(peer->raw.p, peer->raw.len)));
  }
  std::array<unsigned char, 32> exported{};
  if (const int bad = mbedtls_ssl_export_keying_material(&ssl, exported.data(), exported.size(),
                                                         kLabel.data(), kLabel.size(), nullptr, 0, 0))
    return tls_error("exporter", bad);
  std::array<unsigned char, 32> hash{};
  if (const int bad = mbedtls_sha256(exported.data(), exported.size(), hash.data(), 0))
    return tls_error("exporter", bad);
  facts.session_id = to_hex(std::as_bytes(std::span(hash)).first(16));
  return {};
}

MbedTlsStream::MbedTlsStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
MbedTlsStream::MbedTlsStream(MbedTlsStream&&) noexcept = default;
MbedTlsStream& MbedTlsStream::operator=(MbedTlsStream&&) noexcept = default;
MbedTlsStream::~MbedTlsStream() = default;

Result<MbedTlsStream> MbedTlsStream::connect(TcpSocket* socket, const TlsOptions& options,
                                             std::chrono::milliseconds wait) {
  return handshake(socket, options, MBEDTLS_SSL_IS_CLIENT, wait);
}

Result<MbedTlsStream> MbedTlsStream::accept(TcpSocket* socket, const TlsOptions& options,
                                            std::chrono::milliseconds wait) {
  return handshake(socket, options, MBEDTLS_SSL_IS_SERVER, wait);
}

Result<MbedTlsStream> MbedTlsStream::handshake(TcpSocket* socket, const TlsOptions& options, int endpoint,
                                               std::chrono::milliseconds wait) {
  auto state = std::make_unique<State>();
  state->socket = socket;
  state->wait = wait;
  if (const int bad = state->configure(options, endpoint)) return tls_error("TLS settings", bad);
  int outcome = 0;
  do outcome = mbedtls_ssl_handshake(&state->ssl);
  while (must_repeat(outcome));
  if (outcome != 0) return tls_error("handshake", outcome);
  if (auto noted = state->note_facts(); !noted) return std::unexpected(noted.error());
  return MbedTlsStream(std::move(state));
}

const TlsFacts& MbedTlsStream::facts() const { return state_->facts; }

Result<std::size_t> MbedTlsStream::read(std::span<char> buffer, std::chrono::milliseconds wait) {
  state_->wait = wait;
  for (;;) {
    const int got =
        mbedtls_ssl_read(&state_->ssl, reinterpret_cast<unsigned char*>(buffer.data()), buffer.size());
    if (got > 0) return static_cast<std::size_t>(got);
    if (!must_repeat(got)) return tls_error("TLS read", got);
    if (got == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) ++state_->tickets_received;
  }
}

Result<void> MbedTlsStream::write(std::string_view bytes, std::chrono::milliseconds wait) {
  state_->wait = wait;
  while (!bytes.empty()) {
    const int sent =
        mbedtls_ssl_write(&state_->ssl, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    if (must_repeat(sent)) continue;
    if (sent <= 0) return tls_error("TLS write", sent);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

void MbedTlsStream::close() { mbedtls_ssl_close_notify(&state_->ssl); }

int MbedTlsStream::tickets_received() const { return state_->tickets_received; }

Result<Bytes> MbedTlsStream::session() const {
  mbedtls_ssl_session session;
  mbedtls_ssl_session_init(&session);
  Bytes saved(16 * 1024);
  std::size_t length = 0;
  int outcome = mbedtls_ssl_get_session(&state_->ssl, &session);
  if (outcome == 0)
    outcome = mbedtls_ssl_session_save(&session, uchar(std::span(saved)), saved.size(), &length);
  mbedtls_ssl_session_free(&session);
  if (outcome != 0) return tls_error("session", outcome);
  saved.resize(length);
  return saved;
}

}  // namespace privyseal::peer
