#include "provisioning/evidence/page.h"

#include <algorithm>
#include <array>
#include <format>

#include "ca/fingerprint.h"
#include "provisioning/evidence/evidence_checks.h"
#include "provisioning/evidence/key_inventory.h"
#include "provisioning/evidence/reading.h"
#include "provisioning/evidence/text.h"

namespace privyseal::evidence {
namespace {

constexpr std::string_view kStyle = R"(
body { font: 16px/1.45 sans-serif; color: #0b0c0c; background: #fff; margin: 0 auto; max-width: 60rem; padding: 1rem; }
h1 { font-size: 1.75rem; } h2 { font-size: 1.35rem; margin-top: 2.5rem; } h3 { font-size: 1.1rem; margin-bottom: .25rem; }
.banner { border: 2px solid #0b0c0c; padding: .5rem 1rem; font-weight: bold; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: left; font-weight: bold; padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #b1b4b6; }
.status { font-weight: bold; white-space: nowrap; }
.clause { break-inside: avoid; border-top: 1px solid #b1b4b6; padding-top: .5rem; }
.text { white-space: pre-line; color: #383b3d; border-left: 4px solid #b1b4b6; padding-left: .75rem; margin: .5rem 0; }
h1, h2, h3, li, p, code { overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f3f2f1; padding: .75rem; }
@media print { body { font-size: 10pt; max-width: none; padding: 0; } a { color: inherit; } .scroll { overflow: visible; } td { overflow-wrap: anywhere; } }
)";

/// A table whose first cell in a row names the row.
std::string table(std::string_view caption, const std::vector<std::string>& headings,
                  const std::vector<std::vector<std::string>>& rows) {
  std::string html = std::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"{0}\"><table><caption>{0}</caption><thead><tr>",
      html_text(caption));
  for (const std::string& heading : headings) html += "<th scope=\"col\">" + html_text(heading) + "</th>";
  html += "</tr></thead><tbody>\n";
  for (const auto& row : rows) {
    html += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i)
      html +=
          i == 0 ? "<th scope=\"row\">" + html_text(row[i]) + "</th>" : "<td>" + html_text(row[i]) + "</td>";
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string paragraph(std::string_view text) { return "<p>" + html_text(text) + "</p>\n"; }

std::string head(const Facts& facts, const Terms& terms, const std::string& hash) {
  std::string html = std::format(
      "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<title>Audit pack of "
      "{0}</title>\n<style>{1}</style>\n</head>\n"
      "<body>\n<main>\n<h1>Audit pack of {0}</h1>\n",
      html_text(facts.host), kStyle);
  html += "<p class=\"banner\">" + html_text(token_sentence(facts.token)) + "</p>\n";
  html += table("What this is", {"Fact", "Value"},
                {{"Range", std::format("from {} until before {}", to_rfc3339(facts.range.from),
                                       to_rfc3339(facts.range.to))},
                 {"Made", to_rfc3339(facts.now)},
                 {"Terms", std::format("{}, version {} of {}", terms.title, terms.version, terms.date)},
                 {"Mails in the range", std::to_string(facts.mails.size())},
                 {"Token", facts.token.name.empty() ? "not known" : facts.token.name},
                 {"Content hash", hash},
                 {"Audit key (SHA-256)", ca::key_fingerprint(facts.audit_key)}});
  if (facts.unsigned_mails > 0)
    html += paragraph(std::format("{} of the range were left out, because no checkpoint covers them yet.",
                                  counted(facts.unsigned_mails, "mail")));
  return html +
         paragraph(
             "Times are UTC. The content hash is that of the files in data/: the same range gives the same "
             "hash, whenever a pack is made of it.");
}

std::string summary(const std::vector<RowFindings>& findings) {
  std::array<std::size_t, 7> counts{};
  for (const RowFindings& row : findings) ++counts.at(static_cast<std::size_t>(row.standing));
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = counts.size(); i-- > 0;)
    rows.push_back({std::string(to_string(static_cast<Standing>(i))), std::to_string(counts[i])});
  std::string html = table("Clauses by status", {"Status", "Clauses"}, rows);
  std::vector<std::vector<std::string>> clauses;
  for (const RowFindings& row : findings)
    clauses.push_back({row.row->title, row.row->number, std::string(to_string(row.standing))});
  return html + table("The clauses", {"Clause", "Number", "Status"}, clauses);
}

std::string clause(const RowFindings& row) {
  const std::string number = row.row->number == "-" ? "" : row.row->number + ". ";
  std::string html = std::format(
      "<section class=\"clause\" aria-labelledby=\"{0}\">\n<h3 id=\"{0}\">{1}{2}: <span "
      "class=\"status\">{3}</span></h3>\n",
      html_text(row.row->id), html_text(number), html_text(row.row->title), to_string(row.standing));
  html += "<p class=\"text\">" + html_text(row.row->text, true) + "</p>\n<ul>\n";
  for (const Finding& finding : row.findings)
    html += std::format("<li><span class=\"status\">{}</span>: {} <code>{}</code></li>\n",
                        to_string(finding.standing), html_text(finding.sentence), html_text(finding.check));
  return html + "</ul>\n</section>\n";
}

std::string clauses(const Terms& terms, const std::vector<RowFindings>& findings) {
  std::string html = std::format("<h2>The terms, version {}</h2>\n", html_text(terms.version));
  html += paragraph(
      "A clause stands as its weakest finding. Enforced and evidenced follow from what the appliance "
      "recorded; "
      "declared is the organisation's own word; not yet is what the appliance is meant to do and does not.");
  html += summary(findings);
  for (const RowFindings& row : findings) html += clause(row);
  return html;
}

std::string data_protection(const Facts& facts) {
  std::string html = "<h2>Data protection</h2>\n";
  html += table("Roles", {"Who", "Role"},
                {{"Ministry of Justice", "controller of the personal data processed to run CJSM"},
                 {"Egress Software Technologies Limited", "processor for the Ministry of Justice"},
                 {"The organisation that runs this appliance",
                  "controller of the personal data in its mails, and in this pack"}});
  std::vector<std::vector<std::string>> fields;
  const auto until = std::chrono::floor<std::chrono::days>(facts.range.to) + kRetention;
  const std::string purge =
      std::format("kept 184 days; those of this range until {:%F}, then purged unless on hold", until);
  if (const auto first = facts.mails.begin(); first != Mails::end())
    for (const auto& [column, value] : object_at(*first, "row"))
      if (is_personal_column(column)) fields.push_back({std::string(column), "mail ledger", purge});
  for (const char* field : {"name", "email"})
    fields.push_back({field, "accounts of the console", "while the account exists"});
  fields.push_back({"actor, source", "audit logs", "as long as the log; a log is never cut"});
  return html + table("Personal data stored", {"Field", "Where", "Until"}, fields);
}

/// "12 (60 %)"
std::string share_text(std::size_t part, std::size_t all) {
  return all == 0 ? "-" : std::format("{} ({} %)", part, part * 100 / all);
}

/// One row for each side: how many mails had the newest there is.
std::string tls_in_use(const Facts& facts) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [side, prefix] : {std::pair{"Towards CJSM", ""}, {"Inside the organisation", "lan_"}}) {
    std::size_t mails = 0;
    std::size_t tls13 = 0;
    std::size_t hybrid = 0;
    for (const JsonObject& mail : facts.mails) {
      const JsonObject& row = object_at(mail, "row");
      const std::string version = shown(row, std::string(prefix) + "tls_version");
      mails += version.empty() ? 0 : 1;
      tls13 += version == "TLSv1.3" ? 1 : 0;
      hybrid += shown(row, std::string(prefix) + "tls_group").contains("MLKEM") ? 1 : 0;
    }
    rows.push_back({side, std::to_string(mails), share_text(tls13, mails), share_text(hybrid, mails)});
  }
  return "<h2>TLS in use</h2>\n" +
         table("Mails of the range by the TLS of their session",
               {"Side", "Mails with a session", "TLS 1.3", "Hybrid key exchange (X25519MLKEM768)"}, rows);
}

std::string keys(const Facts& facts) {
  std::string html = "<h2>Keys</h2>\n";
  if (!facts.keys) return html + paragraph("Not shown: " + facts.keys.error().message + ".");
  const JsonObject inventory = key_inventory(*facts.keys, facts.uses.value_or(std::vector<hsm::KeyUses>{}));
  std::vector<std::vector<std::string>> rows;
  for (const JsonObject* key : objects_at(inventory, "keys"))
    rows.push_back(
        {shown(*key, "name"), shown(*key, "role"), shown(*key, "type"), shown(*key, "fingerprint")});
  html += table("Keys in the token", {"Name", "Role", "Type", "Public key (SHA-256)"}, rows);
  return html + paragraph(
                    "keyd offers a key only after the token has said of it: sensitive, always sensitive, "
                    "never extractable, made "
                    "inside, not modifiable, for signing only.");
}

std::string certificates(const Facts& facts) {
  std::string html = "<h2>Certificates</h2>\n";
  if (!facts.certificates) return html + paragraph("Not shown: " + facts.certificates.error().message + ".");
  std::vector<std::vector<std::string>> rows;
  for (const JsonObject* identity : objects_at(*facts.certificates, "identities"))
    for (const char* place : {"active", "candidate", "previous"})
      if (const JsonObject* generation = json_object(*identity, place))
        rows.push_back({shown(*identity, "name"), place, shown(*generation, "state"),
                        shown(*generation, "key"), shown(*generation, "subject"),
                        shown(*generation, "issuer"), shown(*generation, "serial"),
                        shown(*generation, "not_before"), shown(*generation, "not_after")});
  return html + table("Certificates",
                      {"Identity", "Place", "State", "Key", "Subject", "Issuer", "Serial", "From", "Until"},
                      rows);
}

std::string logs(const Facts& facts) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [daemon, log] : facts.logs) {
    const std::string name(name_of(daemon));
    if (!log)
      rows.push_back({name, "-", "missing: " + log.error().message});
    else if (log->note.empty())
      rows.push_back({name, "0", "nothing is signed yet"});
    else
      rows.push_back({name, std::to_string(log->lines.size()), "logs/" + name + ".jsonl"});
  }
  return "<h2>Audit logs</h2>\n" +
         table("Logs up to their last checkpoint", {"Log", "Entries", "File"}, rows);
}

constexpr std::string_view kHowToCheck = R"(<h2>How to check this pack</h2>
<p>On any machine with Python 3 and OpenSSL, in the folder of this file:</p>
<pre>python3 verify_pack.py</pre>
<p>It checks every file against MANIFEST, the signature of MANIFEST, each audit log against its signed checkpoint, and each
mail of the ledger against the log. Compare the audit key that it prints with the one that the organisation gave you in another way; and rather than
trust the copy of verify_pack.py in here, take one from elsewhere.</p>
)";

}  // namespace

std::string html_text(std::string_view text, bool with_lines) {
  std::string html;
  while (true) {
    const std::size_t end = with_lines ? text.find('\n') : std::string_view::npos;
    for (const char c : escaped(text.substr(0, end))) {
      switch (c) {
        case '&':
          html += "&amp;";
          break;
        case '<':
          html += "&lt;";
          break;
        case '>':
          html += "&gt;";
          break;
        case '"':
          html += "&quot;";
          break;
        case '\'':
          html += "&#39;";
          break;
        default:
          html += c;
      }
    }
    if (end == std::string_view::npos) return html;
    html += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string pack_page(const Facts& facts, const Terms& terms, const std::vector<RowFindings>& findings,
                      const std::string& hash) {
  return head(facts, terms, hash) + clauses(terms, findings) + data_protection(facts) + tls_in_use(facts) +
         keys(facts) + certificates(facts) + logs(facts) + std::string(kHowToCheck) +
         "</main>\n</body>\n</html>\n";
}

}  // namespace privyseal::evidence
