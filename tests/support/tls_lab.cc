#include "tests/support/tls_lab.h"

#include <openssl/params.h>
#include <openssl/provider.h>

#include <algorithm>
#include <fstream>

#include "firmware/base/check.h"
#include "hsm/client.h"

namespace privyseal::test {
namespace {

bool is_signature(const hsm::Request& request) {
  return std::holds_alternative<hsm::SignTls13Request>(request.body);
}

void write(const std::filesystem::path& file, const std::string& text) { std::ofstream(file) << text; }

std::string openssl_conf(const std::filesystem::path& socket) {
  return "openssl_conf = init\n[init]\nproviders = providers\n"
         "[providers]\ndefault = default_provider\nprivyseal = privyseal_provider\n"
         "[default_provider]\nactivate = 1\n"
         "[privyseal_provider]\nmodule = " PRIVYSEAL_PROVIDER "\nactivate = 1\nsocket = " +
         socket.string() + "\n";
}

}  // namespace

TlsLab::TlsLab() {
  keys_.add("gateway");
  keys_.add("rsa", hsm::KeyType::kRsa2048);
  keyd(signs_after(std::chrono::milliseconds(0)));
  write_identities();
  make_contexts(folder_ / "keyd.sock");
  lone_rsa_server = context(tls::Side::kServer, "rsa", false);
}

void TlsLab::make_contexts(const std::filesystem::path& socket) {
  write(folder_ / "openssl.cnf", openssl_conf(socket));
  library_ = tls::Library::load(folder_ / "openssl.cnf").value();
  server = context(tls::Side::kServer, "gateway", true);
  client = context(tls::Side::kClient, "gateway", true);
  software_server = context(tls::Side::kServer, "file", true);
  software_client = context(tls::Side::kClient, "file", true);
  lone_server = context(tls::Side::kServer, "gateway", false);
  software_lone_server = context(tls::Side::kServer, "file", false);
  nameless_client = context(tls::Side::kClient, "", true);
  classic_client = context(tls::Side::kClient, "", true, false);
}

void TlsLab::use(const TestKeyd& keyd, uid_t provisioning) {
  const auto csr = as_user(provisioning, [&] {
    hsm::Client caller(keyd.socket());
    const auto key = caller.generate("gateway", hsm::KeyRole::kCjsmIdentity, hsm::KeyType::kEcP256).value();
    return certificate_request(key.public_key, "gateway",
                               [&](ByteView info) { return caller.sign_csr("gateway", info); });
  });
  write(folder_ / "gateway.pem", ca_.issue_from_csr(csr.value(), {.dns_names = {"gateway"}}));
  make_contexts(keyd.socket());
}

void TlsLab::write_identities() {
  for (const std::string key : {"gateway", "rsa"}) {
    const auto found = answer({.id = 1, .body = hsm::FindKeyRequest{key}});
    const auto csr = certificate_request(
        std::get<hsm::KeysAnswer>(found.body).keys.at(0).public_key, "gateway",
        [&](ByteView info) -> Result<Bytes> {
          const hsm::SignCsrRequest wanted{key, copy_of(info)};
          return std::get<hsm::SignatureAnswer>(answer({.id = 1, .body = wanted}).body).signature;
        });
    write(folder_ / (key + ".pem"), ca_.issue_from_csr(csr.value(), {.dns_names = {"gateway"}}));
  }
  const Credential software = ca_.issue({.dns_names = {"gateway"}});
  write(folder_ / "ca.pem", ca_.pem());
  write(folder_ / "file.pem", software.chain_pem);
  write(folder_ / "file-key.pem", software.key_pem);
}

TlsLab::ContextRef TlsLab::context(tls::Side side, const std::string& identity, bool trusts,
                                   bool hybrid) const {
  tls::ContextSettings settings;
  settings.hybrid = hybrid;
  settings.side = side;
  if (!identity.empty()) settings.certificate = folder_ / (identity + ".pem");
  if (identity == "file")
    settings.key_uri = "file:" + (folder_ / "file-key.pem").string();
  else if (!identity.empty())
    settings.key_uri = "keyd://" + identity;
  if (trusts) settings.trusted_roots = folder_ / "ca.pem";
  if (trusts) settings.peer_names = {"gateway"};
  return tls::Context::make(library_, settings).value();
}

void TlsLab::keyd(FakeKeyd::Behaviour behaviour) {
  keyd_.reset();
  keyd_.emplace(folder_ / "keyd.sock", std::move(behaviour));
}

hsm::Answer TlsLab::answer(const hsm::Request& request) const {
  return std::get<hsm::Answer>(keys_(request));
}

FakeKeyd::Behaviour TlsLab::signs_after(std::chrono::milliseconds delay) const {
  return [this, delay](const hsm::Request& request) -> FakeKeyd::Reply {
    if (!is_signature(request) || delay.count() == 0) return answer(request);
    return FakeKeyd::Later{.after = delay, .messages = {to_bytes(answer(request))}};
  };
}

FakeKeyd::Behaviour TlsLab::signs_when_asked_by(std::size_t count) const {
  return [this, count,
          held = std::make_shared<std::vector<Bytes>>()](const hsm::Request& request) -> FakeKeyd::Reply {
    if (!is_signature(request)) return answer(request);
    held->push_back(to_bytes(answer(request)));
    if (held->size() < count) return FakeKeyd::Silence{};
    return FakeKeyd::Later{.after = std::chrono::milliseconds(0), .messages = std::exchange(*held, {})};
  };
}

FakeKeyd::Behaviour TlsLab::never_signs() const {
  return [this](const hsm::Request& request) -> FakeKeyd::Reply {
    if (!is_signature(request)) return answer(request);
    return FakeKeyd::Silence{};
  };
}

std::size_t TlsLab::asked() {
  return static_cast<std::size_t>(std::ranges::count_if(keyd_->requests(), is_signature));
}

std::size_t TlsLab::open_questions() const {
  OSSL_PROVIDER* provider = OSSL_PROVIDER_try_load(library_->get(), "privyseal", 1);
  CHECK(provider != nullptr);
  std::size_t open = 0;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t("keyd-open-questions", &open),
                         OSSL_PARAM_construct_end()};
  CHECK(OSSL_PROVIDER_get_params(provider, params) == 1);
  OSSL_PROVIDER_unload(provider);
  return open;
}

}  // namespace privyseal::test
