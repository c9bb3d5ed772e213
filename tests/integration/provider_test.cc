/// The provider in a program that knows nothing of us: the openssl command, with a real
/// keyd on a SoftHSM token, as the users that keyd's policy knows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <format>
#include <optional>

#include "firmware/base/file.h"
#include "hsm/client.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"
#include "tests/support/token.h"

namespace privyseal::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::chrono::seconds kPatience{60};  // sanitizers on a busy machine
constexpr std::size_t kMaxOutputBytes = 1 << 20;
constexpr Identity kGateway{.uid = kGatewayUid, .gid = kGatewayUid};
constexpr std::optional<Identity> kProvisioning = std::nullopt;  // root, as the test

struct Ended {
  int status;
  std::string output;
};

class ProviderInOpenssl : public testing::Test {
 protected:
  explicit ProviderInOpenssl(TestKeydOptions options = {}) : keyd_(std::move(options)) {
    CHECK(::chmod(folder_.path().c_str(), 0777) == 0);  // the gateway's user writes its output here
    // A copy, because the build folder may be closed to other users.
    fs::copy_file(PRIVYSEAL_PROVIDER_MODULE, folder_.path() / "privyseal.so");
    write("openssl.cnf", std::format(R"(openssl_conf = openssl_init
[openssl_init]
providers = providers
alg_section = algorithms
[providers]
default = default_section
privyseal = privyseal_section
[default_section]
activate = 1
[privyseal_section]
module = {}/privyseal.so
socket = {}
activate = 1
[algorithms]
default_properties = ?provider=default
)",
                                     folder_.path().string(), keyd_.socket().string()));
    generate("p256", hsm::KeyType::kEcP256);
    generate("p384", hsm::KeyType::kEcP384);
  }

  void generate(const std::string& name, hsm::KeyType type) {
    const auto key = provisioning_.generate(name, hsm::KeyRole::kCjsmIdentity, type);
    CHECK(key.has_value());
  }

  fs::path file(const std::string& name) const { return folder_.path() / name; }
  void write(const std::string& name, std::string_view content) const {
    CHECK(replace_file(file(name), bytes_of(content), 0644).has_value());
  }
  std::string read(const fs::path& path) const {
    const auto content = read_file(path, kMaxOutputBytes);
    return content ? std::string(text_of(*content)) : std::string();
  }

  ProcessOptions openssl_options(std::vector<std::string> arguments, std::optional<Identity> user) {
    const auto output = file(std::format("output-{}", ++runs_));
    write(output.filename(), "");
    CHECK(!user || ::chown(output.c_str(), user->uid, user->gid) == 0);
    return {.program = "/usr/bin/openssl",
            .arguments = std::move(arguments),
            .environment = {"OPENSSL_CONF=" + file("openssl.cnf").string()},
            .run_as = user,
            .output = output};
  }

  Ended openssl(std::vector<std::string> arguments, std::optional<Identity> user = kProvisioning) {
    const auto options = openssl_options(std::move(arguments), user);
    auto process = ChildProcess::start(options);
    CHECK(process.has_value());
    const auto status = process->wait(kPatience);
    return {status.value_or(-1), read(options.output)};
  }

  hsm::KeyUses uses_of(const std::string& name) {
    const auto all = provisioning_.uses();
    CHECK(all.has_value());
    const auto found = std::ranges::find(*all, name, &hsm::KeyUses::name);
    return found == all->end() ? hsm::KeyUses{.name = name} : *found;
  }

  /// A certificate for a key of keyd, in files "KEY.pem" and "ca.pem".
  void certify(const std::string& key) {
    const auto made =
        openssl({"req", "-new", "-key", "keyd:" + key, "-subj", "/CN=" + key, "-out", file(key + ".csr")});
    ASSERT_EQ(made.status, 0) << made.output << keyd_.log();
    write(key + ".pem", ca_.issue_from_csr(read(file(key + ".csr")), {.dns_names = {key}}));
    write("ca.pem", ca_.pem());
  }

  std::vector<std::string> tls_arguments(const char* end, const std::string& key,
                                         const std::string& group) const {
    return {end,
            "-key",
            "keyd:" + key,
            "-cert",
            file(key + ".pem"),
            "-CAfile",
            file("ca.pem"),
            "-tls1_3",
            "-groups",
            group,
            "-verify_return_error",
            "-no_ticket"};
  }

  /// A server for one connection; its output has the port.
  struct Server {
    ChildProcess process;
    fs::path output;
  };
  Server start_server(const std::string& key, const std::string& group, std::optional<Identity> user) {
    auto arguments = tls_arguments("s_server", key, group);
    arguments.insert(arguments.end(), {"-Verify", "2"});
    return start_server(std::move(arguments), user);
  }
  Server start_server(std::vector<std::string> arguments, std::optional<Identity> user) {
    arguments.insert(arguments.end(), {"-accept", "127.0.0.1:0", "-naccept", "1", "-rev"});
    const auto options = openssl_options(std::move(arguments), user);
    auto process = ChildProcess::start(options);
    CHECK(process.has_value());
    Server server{std::move(*process), options.output};
    CHECK(wait_until([&] { return !port_of(server).empty() || !server.process.is_running(); }, kPatience));
    return server;
  }
  std::string port_of(const Server& server) const {
    const std::string output = read(server.output);
    const std::string announced = "ACCEPT 127.0.0.1:";
    const auto at = output.find(announced);
    const auto end = output.find('\n', at);
    if (at == std::string::npos || end == std::string::npos) return "";
    return output.substr(at + announced.size(), end - at - announced.size());
  }
  Ended connect(const Server& server, const std::string& key, const std::string& group,
                std::optional<Identity> user) {
    auto arguments = tls_arguments("s_client", key, group);
    arguments.insert(arguments.end(), {"-connect", "127.0.0.1:" + port_of(server), "-verify", "2", "-brief"});
    return openssl(std::move(arguments), user);
  }

  TestKeyd keyd_;
  hsm::Client provisioning_{keyd_.socket(), kPatience};
  TempFolder folder_;
  TestCa ca_{"Stand-in CA"};
  int runs_ = 0;
};

TEST_F(ProviderInOpenssl, ReqMakesARequestThatVerifies) {
  for (const char* key : {"p256", "p384"}) {
    const auto made =
        openssl({"req", "-new", "-key", std::string("keyd:") + key, "-subj", "/CN=gateway/O=Example",
                 "-addext", "subjectAltName=DNS:gateway.example", "-out", file("made.csr")});
    ASSERT_EQ(made.status, 0) << made.output << keyd_.log();
    const auto checked = openssl({"req", "-in", file("made.csr"), "-verify", "-noout", "-text"});
    EXPECT_EQ(checked.status, 0) << checked.output;
    EXPECT_THAT(checked.output, HasSubstr("self-signature verify OK"));
    EXPECT_THAT(checked.output, HasSubstr("DNS:gateway.example"));
    EXPECT_EQ(uses_of(key).csr, 1u);
  }
}

TEST_F(ProviderInOpenssl, ThePublicKeyIsTheTokens) {
  const auto shown =
      openssl({"pkey", "-in", "keyd://p384", "-pubout", "-outform", "DER", "-out", file("public.der")});
  ASSERT_EQ(shown.status, 0) << shown.output;
  EXPECT_EQ(read(file("public.der")), text_of(provisioning_.find_key("p384").value().public_key));
  EXPECT_THAT(openssl({"pkey", "-in", "keyd://p256", "-pubout", "-text_pub"}).output,
              HasSubstr("ASN1 OID: prime256v1"));
}

TEST_F(ProviderInOpenssl, ThePrivateKeyIsNotToBeHad) {
  ASSERT_EQ(openssl({"pkey", "-in", "keyd:p256", "-pubout"}).status, 0);  // the public one is
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"pkey", "-in", "keyd:p256", "-out", file("private.pem")},
        {"pkey", "-in", "keyd:p256", "-outform", "DER", "-out", file("private.der")},
        {"pkcs8", "-topk8", "-nocrypt", "-in", "keyd:p256", "-out", file("private.p8")},
        {"ec", "-in", "keyd:p256", "-out", file("private.ec")}}) {
    const auto tried = openssl(arguments);
    EXPECT_NE(tried.status, 0) << arguments[0] << tried.output;
    EXPECT_EQ(read(arguments.back()), "") << arguments[0];
  }
}

TEST_F(ProviderInOpenssl, DigestsAndOtherMessagesAreNotSigned) {
  write("digest", std::string(32, 'd'));
  write("message", "any old file\n");
  for (const std::optional<Identity>& user : {kProvisioning, std::optional(kGateway)}) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"pkeyutl", "-sign", "-inkey", "keyd:p256", "-in", file("digest")},
          {"pkeyutl", "-sign", "-rawin", "-digest", "sha256", "-inkey", "keyd:p256", "-in", file("message")},
          {"dgst", "-sha256", "-sign", "keyd:p256", file("message")}}) {
      const auto tried = openssl(arguments, user);
      EXPECT_NE(tried.status, 0) << arguments[0] << tried.output;
    }
    EXPECT_EQ(openssl({"pkey", "-in", "keyd:p256", "-pubout"}, user).status,
              0);  // it is not for want of a key
  }
  const auto uses = uses_of("p256");
  EXPECT_EQ(uses.csr + uses.tls_client + uses.tls_server, 0u);
}

TEST_F(ProviderInOpenssl, ServerAndClientShakeHandsWithEachOther) {
  for (const std::string key : {"p256", "p384"}) {
    certify(key);
    for (const std::string group : {"P-256", "X25519MLKEM768"}) {
      const auto before = uses_of(key);
      Server server = start_server(key, group, kGateway);
      ASSERT_NE(port_of(server), "") << read(server.output) << keyd_.log();
      const auto client = connect(server, key, group, kGateway);
      EXPECT_EQ(client.status, 0) << client.output << keyd_.log();
      EXPECT_EQ(server.process.wait(kPatience).value_or(-1), 0);
      for (const std::string& output : {client.output, read(server.output)}) {
        EXPECT_THAT(output, HasSubstr("Protocol version: TLSv1.3"));
        EXPECT_THAT(output, HasSubstr("Peer certificate: CN"));
        EXPECT_THAT(output, HasSubstr("Verification: OK"));
      }
      const auto after = uses_of(key);
      EXPECT_EQ(after.tls_server, before.tls_server + 1);
      EXPECT_EQ(after.tls_client, before.tls_client + 1);
      EXPECT_EQ(after.refused, before.refused);
    }
  }
}

/// For clients that speak TLS 1.2 alone, which is excepted for keys of the role that all have here.
class ProviderForOldClients : public ProviderInOpenssl {
 protected:
  ProviderForOldClients()
      : ProviderInOpenssl({.more_settings = "[tls12_exception]\nreason = \"a test\"\nuntil = \"9999-12-31\"\n"
                                            "roles = [\"cjsm-identity\"]\n"}) {}

  /// A client without a key, and a server; `more` is for that.
  Ended connect_old_client(const std::string& key, std::vector<std::string> more = {}) {
    certify(key);
    std::vector<std::string> arguments{"s_server", "-key", "keyd:" + key, "-cert", file(key + ".pem")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Server server = start_server(std::move(arguments), kGateway);
    EXPECT_NE(port_of(server), "") << read(server.output) << keyd_.log();
    auto client = openssl({"s_client", "-connect", "127.0.0.1:" + port_of(server), "-CAfile", file("ca.pem"),
                           "-tls1_2", "-verify_return_error", "-brief"});
    static_cast<void>(server.process.wait(kPatience));
    return client;
  }
};

TEST_F(ProviderForOldClients, AServerOfBothVersionsSpeaksTls12) {
  generate("rsa", hsm::KeyType::kRsa2048);
  // TLS 1.2 does not tie the hash to the curve; the server must.
  for (const auto& [key, algorithm] : {std::pair<std::string, std::string>{"p256", "ecdsa_secp256r1_sha256"},
                                       {"p384", "ecdsa_secp384r1_sha384"},
                                       {"rsa", "rsa_pss_rsae_sha256"}}) {
    const auto client = connect_old_client(key, {"-sigalgs", algorithm});
    EXPECT_EQ(client.status, 0) << client.output << keyd_.log();
    EXPECT_THAT(client.output, HasSubstr("Protocol version: TLSv1.2"));
    EXPECT_THAT(client.output, HasSubstr("Verification: OK"));
    EXPECT_EQ(uses_of(key).tls12_server, 1U);
    EXPECT_EQ(uses_of(key).tls_server, 0U);
  }
}

TEST_F(ProviderForOldClients, AServerWithoutTls13GetsNoSignature) {
  const auto client = connect_old_client("p256", {"-tls1_2"});
  EXPECT_NE(client.status, 0) << client.output;
  EXPECT_EQ(uses_of("p256").tls12_server, 0U);
}

TEST_F(ProviderInOpenssl, AnotherUserGetsNoHandshake) {
  certify("p256");
  Server server = start_server("p256", "P-256", kProvisioning);
  ASSERT_NE(port_of(server), "") << read(server.output) << keyd_.log();
  EXPECT_NE(connect(server, "p256", "P-256", kGateway).status, 0);
  EXPECT_THAT(read(server.output), HasSubstr("(denied)"));
  EXPECT_EQ(uses_of("p256").tls_server, 0u);
}

TEST_F(ProviderInOpenssl, TheGatewaysUserGetsNoRequest) {
  const auto tried = openssl({"req", "-new", "-key", "keyd:p256", "-subj", "/CN=x"}, kGateway);
  EXPECT_NE(tried.status, 0);
  EXPECT_THAT(tried.output, HasSubstr("(denied)"));
  EXPECT_EQ(uses_of("p256").csr, 0u);
}

TEST_F(ProviderInOpenssl, AnUnknownKeyAndADeadKeydAreSaid) {
  EXPECT_THAT(openssl({"pkey", "-in", "keyd:absent", "-pubout"}).output, HasSubstr("(not-found)"));
  keyd_.stop();
  const auto tried = openssl({"pkey", "-in", "keyd:p256", "-pubout"});
  EXPECT_NE(tried.status, 0);
  EXPECT_THAT(tried.output, HasSubstr("(unavailable)"));
}

}  // namespace
}  // namespace privyseal::test
