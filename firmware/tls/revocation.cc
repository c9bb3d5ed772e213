#include "firmware/tls/revocation.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "firmware/tls/certificate_facts.h"
#include "firmware/tls/certificate_file.h"
#include "firmware/tls/openssl.h"

namespace privyseal::tls {
namespace {

using ListPtr = std::unique_ptr<X509_CRL, Free<X509_CRL_free>>;

/// OpenSSL would ask the terminal.
int no_password(char* /*unused*/, int /*unused*/, int /*unused*/, void* /*unused*/) { return -1; }

/// The next list in `bio`; null: there is none that can be read.
ListPtr read_list(BIO* bio, OSSL_LIB_CTX* library) {
  // A list made in the library context checks signatures with that context's providers.
  ListPtr list(X509_CRL_new_ex(library, nullptr));
  X509_CRL* into = list.release();
  if (PEM_read_bio_X509_CRL(bio, &into, no_password, nullptr) == nullptr) {
    X509_CRL_free(into);
    into = nullptr;
  }
  list.reset(into);
  return list;
}

/// OpenSSL knows the distribution point and checks what it means; a delta list would need the full one.
bool is_whole(const X509_CRL* list) {
  for (int at = -1; (at = X509_CRL_get_ext_by_critical(list, 1, at)) >= 0;)
    if (OBJ_obj2nid(X509_EXTENSION_get_object(X509_CRL_get_ext(list, at))) != NID_issuing_distribution_point)
      return false;
  return X509_CRL_get_ext_by_NID(list, NID_delta_crl, -1) < 0;
}

std::string pem_of(X509_CRL* list) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  char* text = nullptr;
  if (!bio || PEM_write_bio_X509_CRL(bio.get(), list) != 1) return {};
  const long length = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

RevocationList facts_of(X509_CRL* list) {
  return {.issuer = to_text(X509_CRL_get_issuer(list)),
          .this_update = to_text(X509_CRL_get0_lastUpdate(list)),
          .next_update = to_text(X509_CRL_get0_nextUpdate(list)),
          .revoked = static_cast<std::size_t>(std::max(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list)), 0)),
          .pem = pem_of(list)};
}

ListPtr list_of(const RevocationList& list, OSSL_LIB_CTX* library) {
  const BioPtr bio(BIO_new_mem_buf(list.pem.data(), static_cast<int>(list.pem.size())));
  return read_list(bio.get(), library);
}

bool has_signed(const X509* root, X509_CRL* list) {
  const bool is = X509_NAME_cmp(X509_get_subject_name(root), X509_CRL_get_issuer(list)) == 0 &&
                  X509_CRL_verify(list, X509_get0_pubkey(root)) == 1;
  ERR_clear_error();
  return is;
}

/// A callback of libcrypto's: an authority without a list has revoked nobody that we know of, and a list
/// counts after its last day.
int forgive_what_lists_lack(int is_good, X509_STORE_CTX* asked) {
  if (is_good == 1) return 1;
  switch (X509_STORE_CTX_get_error(asked)) {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
      X509_STORE_CTX_set_error(asked, X509_V_OK);  // nothing else was wrong so far: that would have ended it
      return 1;
    default:
      return 0;
  }
}

}  // namespace

Result<std::vector<RevocationList>> parse_revocation_lists(std::string_view pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<RevocationList> lists;
  ERR_clear_error();
  while (const ListPtr list = read_list(bio.get(), nullptr)) {
    if (!is_whole(list.get()))
      return fail(ErrorCode::kInvalid,
                  "list of revoked certificates: it is a delta list or has an unknown critical extension");
    lists.push_back(facts_of(list.get()));
    if (lists.back().this_update.empty() || lists.back().pem.empty())
      return fail(ErrorCode::kInvalid, "list of revoked certificates: its time cannot be read");
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end || lists.empty())
    return fail(ErrorCode::kInvalid, "list of revoked certificates: there is none that can be read");
  return lists;
}

Result<std::vector<RevocationList>> signed_by_roots(std::vector<RevocationList> lists,
                                                    const std::filesystem::path& roots,
                                                    OSSL_LIB_CTX* library) {
  const auto trusted = certificates_in(roots, library);
  if (!trusted) return std::unexpected(trusted.error());
  std::erase_if(lists, [&](const RevocationList& one) {
    const ListPtr list = list_of(one, library);
    return !list || std::ranges::none_of(*trusted, [&](const CertificatePtr& root) {
      return has_signed(root.get(), list.get());
    });
  });
  return lists;
}

Result<void> add_revocation_lists(X509_STORE* store, const std::vector<RevocationList>& lists,
                                  OSSL_LIB_CTX* library) {
  if (lists.empty()) return {};
  for (const RevocationList& one : lists) {
    const ListPtr list = list_of(one, library);
    if (!list || X509_STORE_add_crl(store, list.get()) != 1)
      return fail_openssl(ErrorCode::kInvalid, "list of revoked certificates");
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  X509_STORE_set_verify_cb(store, forgive_what_lists_lack);
  return {};
}

}  // namespace privyseal::tls
