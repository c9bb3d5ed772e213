#include "provisioning/cli/certificates.h"

#include <format>
#include <limits>

#include "ca/fingerprint.h"
#include "firmware/base/base64.h"
#include "firmware/base/file.h"
#include "provisioning/cli/reading.h"
#include "provisioning/cli/table.h"
#include "provisioning/cli/text.h"
#include "provisioning/cli/values.h"

namespace privyseal::cli {
namespace {

using Kind = Option::Kind;

constexpr std::size_t kMaxPemBytes = 64 * 1024;  // what fits into one request, with room to spare
constexpr mode_t kPublicFile = 0644;
constexpr std::byte kDerSequence{0x30};  // how a list in DER begins, and no PEM

const Option kIdentity{.name = "identity",
                       .value = "cjsm|lan|console",
                       .help = "which one",
                       .choices = {"cjsm", "lan", "console"}};

JsonObject about(std::string_view operation, const Arguments& arguments) {
  return {{"op", operation}, {"identity", arguments.text("identity")}};
}

Result<Report> ask(Surroundings& at, const JsonObject& request, auto&& text) {
  auto answer = at.appliance.ask(Daemon::kRenewd, request);
  if (!answer) return std::unexpected(answer.error());
  Result<std::string> shown_text = text(*answer);
  if (!shown_text) return std::unexpected(shown_text.error());
  return Report{.json = std::move(*answer), .text = std::move(*shown_text)};
}

/// The request on standard output, or in the file that --out names.
Result<std::string> put_csr(const JsonObject& answer, const Arguments& arguments, std::string_view before) {
  const auto csr = json_text(answer, "csr");
  if (!csr) return fail("renewd", csr.error());
  if (!arguments.has("out")) return std::string(before) + *csr;
  const std::string& file = arguments.text("out");
  if (auto written = replace_file(file, bytes_of(*csr), kPublicFile); !written)
    return std::unexpected(written.error());
  return std::format(
      "{}The request of the key '{}' is in {}.\nSend it to the certificate authority; then: privyseal cert "
      "import {} FILE\n",
      before, escaped(shown(answer, "key")), escaped(file), arguments.text("identity"));
}

Result<Report> csr(const Arguments& arguments, Surroundings& at) {
  return ask(at, about("cert-csr", arguments),
             [&](const JsonObject& answer) { return put_csr(answer, arguments, ""); });
}

Result<JsonObject> request_for(const Arguments& arguments) {
  JsonObject request = about("cert-request", arguments);
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return add_number(request, "instead_of", arguments, "instead-of", kMost).transform([&] { return request; });
}

Result<Report> request(const Arguments& arguments, Surroundings& at) {
  const auto asked = request_for(arguments);
  if (!asked) return std::unexpected(asked.error());
  return ask(at, *asked, [&](const JsonObject& answer) {
    return put_csr(answer, arguments,
                   std::format("Generation {} of '{}' has begun; the old certificate stays in use.\n",
                               escaped(shown(answer, "generation")), arguments.text("identity")));
  });
}

Result<Report> import(const Arguments& arguments, Surroundings& at) {
  const auto pem = read_file(arguments.text("file"), kMaxPemBytes);
  if (!pem) return std::unexpected(pem.error());
  JsonObject asked = about("cert-import", arguments);
  asked["pem"] = text_of(*pem);
  return ask(at, asked, [&](const JsonObject& answer) -> Result<std::string> {
    return std::format(
        "The certificate was taken: generation {} of '{}' is {}.\nTo use it: privyseal cert activate {}\n",
        escaped(shown(answer, "generation")), arguments.text("identity"), escaped(shown(answer, "state")),
        arguments.text("identity"));
  });
}

/// A certificate of the appliance's own CA, for a machine that talks to it: with the chain, ready for its
/// server.
Result<Report> issue(const Arguments& arguments, Surroundings& at) {
  const auto csr = read_file(arguments.text("file"), kMaxPemBytes);
  if (!csr) return std::unexpected(csr.error());
  const JsonObject asked{{"op", "issue"}, {"profile", arguments.text("profile")}, {"csr", text_of(*csr)}};
  return ask(at, asked, [&](const JsonObject& answer) -> Result<std::string> {
    const auto certificate = json_text(answer, "certificate");
    if (!certificate) return fail("renewd", certificate.error());
    if (!arguments.has("out")) return *certificate;
    const std::string& file = arguments.text("out");
    if (auto written = replace_file(file, bytes_of(*certificate), kPublicFile); !written)
      return std::unexpected(written.error());
    return std::format("The certificate with serial {} is in {}.\n", escaped(shown(answer, "serial")),
                       escaped(file));
  });
}

/// The appliance's own CA, for those who are to trust it. The fingerprint goes to the notes, so that standard
/// output is a file that other programs take.
Result<Report> own_ca(const Arguments& arguments, Surroundings& at) {
  return ask(at, {{"op", "ca"}}, [&](const JsonObject& answer) -> Result<std::string> {
    const auto certificate = json_text(answer, "certificate");
    if (!certificate) return fail("renewd", certificate.error());
    const std::string compare = std::format(
        "SHA-256 {}\nCompare this with the fingerprint on the appliance's own screen before you trust it.\n",
        escaped(ca::in_groups(shown(answer, "fingerprint"))));
    if (!arguments.has("out")) {
      if (!arguments.has("json")) at.notes << compare;
      return *certificate;
    }
    const std::string& file = arguments.text("out");
    if (auto written = replace_file(file, bytes_of(*certificate), kPublicFile); !written)
      return std::unexpected(written.error());
    return std::format("The appliance's own CA certificate is in {}.\n{}", escaped(file), compare);
  });
}

/// In PEM; authorities publish their lists in DER.
Result<std::string> read_revocations(const std::string& file) {
  const auto bytes = read_file(file, kMaxPemBytes);
  if (!bytes) return std::unexpected(bytes.error());
  if (bytes->empty() || bytes->front() != kDerSequence) return std::string(text_of(*bytes));
  return "-----BEGIN X509 CRL-----\n" + to_base64_lines(*bytes, kPemLines) + "-----END X509 CRL-----\n";
}

Result<Report> revoked(const Arguments& arguments, Surroundings& at) {
  const auto pem = read_revocations(arguments.text("file"));
  if (!pem) return std::unexpected(pem.error());
  auto answer = at.appliance.ask(
      Daemon::kGatewayd, {{"op", "revocations-take"}, {"pem", *pem}, {"why", arguments.text("reason")}});
  if (!answer) return std::unexpected(answer.error());
  Table table({"AUTHORITY", {"REVOKED", Table::Align::kRight}, "OF", "A NEWER ONE IS DUE"});
  for (const JsonObject* list : objects_at(*answer, "revocations"))
    table.add({shown(*list, "issuer"), shown(*list, "revoked"), shown_time(*list, "this_update"),
               shown_time(*list, "next_update")});
  const std::string text = table.text("No list is in use.") +
                           "\nMail servers with a revoked certificate are refused from now on.\n"
                           "Times are Europe/London.\n";
  return Report{.json = std::move(*answer), .text = text};
}

void add_generation(Table& table, const JsonObject& identity, const char* place) {
  const JsonObject* generation = json_object(identity, place);
  if (generation == nullptr) return;
  table.add({shown(identity, "name"), place, shown(*generation, "generation"), shown(*generation, "state"),
             shown(*generation, "key"), shown(*generation, "subject"), shown_time(*generation, "not_after")});
}

/// Everything that wants words: what is wrong, what happens next.
std::string sentences(const JsonObject& identity) {
  std::string text;
  const std::string name = escaped(shown(identity, "name"));
  if (const JsonObject* alarm = json_object(identity, "alarm"))
    text += std::format("{}: {} since {}: {}\n", name, escaped(shown(*alarm, "level")),
                        shown_time(*alarm, "since"), escaped(shown(*alarm, "why")));
  for (const char* place : {"candidate", "previous"})
    if (const std::string why = shown(object_at(identity, place), "why"); !why.empty())
      text += std::format("{}: the {} one: {}\n", name, place, escaped(why));
  if (const std::string next = shown(identity, "next"); !next.empty())
    text += std::format("{}: next: {}\n", name, escaped(next));
  return text;
}

std::string identities_text(const std::vector<const JsonObject*>& identities) {
  Table table(
      {"IDENTITY", "PLACE", {"GENERATION", Table::Align::kRight}, "STATE", "KEY", "SUBJECT", "VALID UNTIL"});
  std::string words;
  for (const JsonObject* identity : identities) {
    for (const char* place : {"active", "candidate", "previous"}) add_generation(table, *identity, place);
    words += sentences(*identity);
  }
  return table.text("There is no certificate yet. Begin with: privyseal cert request cjsm") + "\n" + words +
         "Times are Europe/London.\n";
}

std::string changed_text(const JsonObject& answer) {
  const JsonObject* identity = json_object(answer, "identity");
  return identity_text(identity == nullptr ? answer : *identity);
}

Command simple(const char* words, const char* operation, const char* summary) {
  return {.words = words,
          .summary = summary,
          .bare = {"identity"},
          .options = {kIdentity},
          .what = Question{Daemon::kRenewd,
                           [operation](const Arguments& arguments) -> Result<JsonObject> {
                             return about(operation, arguments);
                           },
                           changed_text}};
}

}  // namespace

std::string certificate_list_text(const JsonObject& answer) {
  return identities_text(objects_at(answer, "identities"));
}

std::string identity_text(const JsonObject& identity) { return identities_text({&identity}); }

std::vector<Command> certificate_commands() {
  const Option out{.name = "out", .value = "FILE", .help = "where the request goes", .kind = Kind::kOptional};
  return {
      {.words = "cert list",
       .summary = "every certificate, its state, and what happens next",
       .bare = {},
       .options = {},
       .what =
           Question{Daemon::kRenewd,
                    [](const Arguments&) -> Result<JsonObject> { return JsonObject{{"op", "cert-list"}}; },
                    certificate_list_text}},
      {.words = "cert csr",
       .summary = "the request (PEM) that is under way",
       .bare = {"identity"},
       .options = {kIdentity, out},
       .what = Task{nothing_to_check, csr}},
      {.words = "cert request",
       .summary = "begin a new generation: a new key, a new request",
       .bare = {"identity"},
       .options = {kIdentity,
                   out,
                   {.name = "instead-of",
                    .value = "GENERATION",
                    .help = "the one under way, which is given up for good, with its key",
                    .kind = Kind::kOptional}},
       .what = Task{[](const Arguments& arguments) {
                      return request_for(arguments).transform([](const JsonObject&) {});
                    },
                    request}},
      {.words = "cert import",
       .summary = "take the certificate that the authority sent",
       .bare = {"identity", "file"},
       .options = {kIdentity, {.name = "file", .value = "FILE", .help = "PEM; the chain may follow in it"}},
       .what = Task{nothing_to_check, import}},
      {.words = "cert issue",
       .summary = "a certificate of the appliance's own CA, for the mail server",
       .bare = {"profile", "file"},
       .options =
           {{.name = "profile",
             .value = "mail-server|admin-client",
             .help = "what it is for",
             .choices = {"mail-server", "admin-client"}},
            {.name = "file", .value = "FILE", .help = "the request (PKCS#10, PEM)"},
            {.name = "out", .value = "FILE", .help = "where the certificate goes", .kind = Kind::kOptional}},
       .what = Task{nothing_to_check, issue}},
      {.words = "cert ca",
       .summary = "the certificate (PEM) of the appliance's own CA, to be trusted on its LAN side",
       .bare = {},
       .options =
           {{.name = "out", .value = "FILE", .help = "where the certificate goes", .kind = Kind::kOptional}},
       .what = Task{nothing_to_check, own_ca}},
      {.words = "cert revoked",
       .summary = "take the CJSM authority's list of revoked certificates (CRL)",
       .bare = {"file"},
       .options = {{.name = "file", .value = "FILE", .help = "PEM or DER"},
                   {.name = "reason", .value = "TEXT", .help = "why, for the audit log"}},
       .what = Task{nothing_to_check, revoked}},
      simple("cert renew", "cert-renew", "renew now, not only when it is due"),
      simple("cert activate", "cert-activate", "put the imported certificate to use"),
      simple("cert rollback", "cert-rollback", "go back to the previous certificate"),
  };
}

}  // namespace privyseal::cli
