#include "tests/peer/practice_ca.h"

#include <sys/stat.h>

#include <algorithm>
#include <iostream>
#include <mutex>
#include <thread>

#include "ca/authority/authority.h"
#include "ca/authority/est_responder.h"
#include "ca/est.h"
#include "firmware/base/file.h"
#include "tests/peer/connection.h"
#include "tests/peer/practice_http.h"
#include "tests/support/certificates.h"
#include "tests/support/software_signer.h"

namespace privyseal::peer {
namespace {

constexpr std::chrono::seconds kWait{10};
constexpr std::size_t kMaxFileBytes = 65'536;
constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kForAll = 0644;
constexpr const char* kOwnProfile = "egress-relay";  // what the EST server shows is a server's certificate

/// The CA's key: made once.
Result<std::unique_ptr<test::SoftwareSigner>> signer_in(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) {
    const std::string pem = test::new_key_pem("P-256");
    if (auto written = replace_file(file, bytes_of(pem), kOwnerOnly); !written)
      return std::unexpected(written.error());
  }
  const auto pem = read_file(file, kMaxFileBytes);
  if (!pem) return std::unexpected(pem.error());
  return test::SoftwareSigner::from_pem(std::string(text_of(*pem)));
}

HttpReply http_of(const authority::EstReply& reply) {
  return {.status = reply.status,
          .fields = {{"Content-Type", reply.content_type},
                     {"Content-Transfer-Encoding", reply.transfer_encoding},
                     {"Retry-After", reply.retry_after ? std::to_string(reply.retry_after->count()) : ""},
                     {"WWW-Authenticate", reply.authenticate},
                     {"Allow", reply.allow}},
          .body = reply.body};
}

}  // namespace

struct PracticeCa::State {
  explicit State(PracticeCaOptions wanted, Database opened, TcpListener listening)
      : options(std::move(wanted)), database(std::move(opened)), listener(std::move(listening)) {}

  Result<void> start();
  Result<void> make_own_certificate();
  void serve_all();
  Result<void> serve(TcpSocket socket);
  authority::EstCaller caller_of(const HttpRequest& request, const TlsFacts& facts) const;
  Result<void> approve_all();
  Result<void> answer_file(const std::filesystem::path& request);

  const PracticeCaOptions options;
  SystemClock clock;
  std::mutex mutex;  // over the database and all that stands on it
  Database database;
  std::unique_ptr<test::SoftwareSigner> signer;
  std::unique_ptr<authority::Authority> authority;
  TlsOptions tls;
  TcpListener listener;
  std::thread thread;
};

Result<void> PracticeCa::State::start() {
  auto key = signer_in(options.folder / "ca.key");
  if (!key) return std::unexpected(key.error());
  signer = std::move(*key);
  authority::AuthoritySettings settings{.common_name = "Practice Egress CA",
                                        .profiles = {options.profile, kOwnProfile},
                                        .domains = options.domains};
  settings.domains.push_back(options.host);
  if (options.with_approval) settings.with_approval.push_back(options.profile);
  auto opened = authority::Authority::open(database, *signer, std::move(settings), clock);
  if (!opened) return std::unexpected(opened.error());
  authority = std::move(*opened);
  for (const char* name : {"requests", "answers"}) std::filesystem::create_directories(options.folder / name);
  const std::string root = ca::to_pem(authority->root());
  if (auto written = replace_file(options.folder / "root.pem", bytes_of(root), kForAll); !written)
    return written;
  if (auto made = make_own_certificate(); !made) return made;
  thread = std::thread([this] { serve_all(); });
  return {};
}

/// A new one at each start: it needs no file.
Result<void> PracticeCa::State::make_own_certificate() {
  tls.key_pem = test::new_key_pem("P-256");
  const auto csr = ca::csr_der(test::request_pem(tls.key_pem, {.dns_names = {options.host}}));
  if (!csr) return std::unexpected(csr.error());
  const auto certificate = authority->issue(kOwnProfile, *csr, "practice CA");
  if (!certificate) return std::unexpected(certificate.error());
  tls.chain_pem = ca::to_pem(*certificate);
  tls.ca_pem = ca::to_pem(authority->root());
  tls.peer_may_be_nobody = true;
  tls.least = TlsVersion::kTls13;
  return {};
}

void PracticeCa::State::serve_all() {
  while (auto socket = listener.accept())
    (void)serve(std::move(*socket));  // a client that goes away is its own loss
}

authority::EstCaller PracticeCa::State::caller_of(const HttpRequest& request, const TlsFacts& facts) const {
  authority::EstCaller caller;
  if (const auto field = request.fields.find("authorization"); field != request.fields.end()) {
    const auto [user, password] = basic_credentials(field->second);
    if (!options.user.empty() && user == options.user && password == options.password)
      caller.password_user = user;
  }
  if (auto shown = ca::parse_certificate(facts.peer_der)) caller.certificate = std::move(*shown);
  return caller;
}

Result<void> PracticeCa::State::serve(TcpSocket socket) {
  Connection connection(std::move(socket));
  if (auto started = connection.start_tls(TlsRole::kServer, tls, kWait); !started) return started;
  const auto request = read_http_request(connection, kWait);
  if (!request) return std::unexpected(request.error());
  const auto type = request->fields.find("content-type");
  const std::lock_guard lock(mutex);
  authority::EstResponder responder(*authority,
                                    {.profile = options.profile, .retry_after = std::chrono::seconds(1)});
  const auto reply = responder.answer({.method = request->method,
                                       .target = request->target,
                                       .content_type = type == request->fields.end() ? "" : type->second,
                                       .body = request->body,
                                       .caller = caller_of(*request, connection.tls()->facts())});
  if (!reply.problem.empty()) std::cerr << "practice CA: " << reply.problem << '\n';
  if (auto written = connection.write(to_text(http_of(reply)), kWait); !written) return written;
  connection.close();
  return {};
}

Result<void> PracticeCa::State::approve_all() {
  if (!std::filesystem::remove(options.folder / "approve")) return {};
  const auto waiting = authority->pending();
  if (!waiting) return std::unexpected(waiting.error());
  for (const authority::PendingRequest& request : *waiting)
    if (auto issued = authority->approve(request.digest, "practice officer"); !issued)
      return std::unexpected(issued.error());
  return {};
}

Result<void> PracticeCa::State::answer_file(const std::filesystem::path& request) {
  const auto pem = read_file(request, kMaxFileBytes);
  const auto csr = pem ? ca::csr_der(text_of(*pem)) : std::unexpected(pem.error());
  const auto decision = csr ? authority->request(options.profile, *csr, "by hand")
                            : Result<authority::Decision>(std::unexpected(csr.error()));
  if (decision && !*decision) return {};  // it waits for a yes
  const std::string text =
      decision ? ca::to_pem(**decision) + ca::to_pem(authority->root()) : decision.error().message + "\n";
  const auto answer =
      options.folder / "answers" / (request.stem().string() + (decision ? ".pem" : ".refused"));
  if (auto written = replace_file(answer, bytes_of(text), kForAll); !written) return written;
  std::filesystem::remove(request);
  return {};
}

PracticeCa::PracticeCa(std::unique_ptr<State> state) : state_(std::move(state)) {}

PracticeCa::~PracticeCa() {
  state_->listener.shut_down();
  if (state_->thread.joinable()) state_->thread.join();
}

Result<std::unique_ptr<PracticeCa>> PracticeCa::open(PracticeCaOptions options) {
  auto database = Database::open(options.folder / "ca.db", Database::Mode::kReadWrite);
  if (!database) return std::unexpected(database.error());
  auto listener = TcpListener::open(options.port);
  if (!listener) return std::unexpected(listener.error());
  std::unique_ptr<PracticeCa> opened(new PracticeCa(
      std::make_unique<State>(std::move(options), std::move(*database), std::move(*listener))));
  if (auto started = opened->state_->start(); !started) return std::unexpected(started.error());
  return opened;
}

std::uint16_t PracticeCa::port() const { return state_->listener.port(); }
std::string PracticeCa::root_pem() const { return state_->tls.ca_pem; }

Result<void> PracticeCa::serve_folders() {
  const std::lock_guard lock(state_->mutex);
  if (auto approved = state_->approve_all(); !approved) return approved;
  for (const auto& entry : std::filesystem::directory_iterator(state_->options.folder / "requests"))
    if (entry.path().extension() == ".csr")
      if (auto answered = state_->answer_file(entry.path()); !answered) return answered;
  return {};
}

std::size_t PracticeCa::issued() const {
  const std::lock_guard lock(state_->mutex);
  const auto rows = state_->authority->list(0, 500);
  if (!rows) return 0;
  return static_cast<std::size_t>(
      std::ranges::count(*rows, state_->options.profile, &authority::IssuedRow::profile));
}

}  // namespace privyseal::peer
