//! The modules from a repository of git, as a platform's own root calls them.

use bronzegate_tests::repository;
use bronzegate_tests::terraform::Terraform;

#[tokio::test]
async fn modules_are_usable_by_their_address_alone() {
    let sources = repository().join("infra/modules/aws/tests/sources");
    let sources = sources.display();
    let aws = format!(
        "  sources_path = \"{sources}\"\n  package = \"bronzegate.zip\"\n  bucket = {{ name = \"lake\" }}"
    );
    let azure = format!(
        "  sources_path = \"{sources}\"\n  package = \"bronzegate.zip\"\n  resource_group_name = \"lake\"\n  location = \"westeurope\""
    );
    for (module, arguments) in [("aws", aws), ("azure", azure)] {
        if Terraform::by_address(module, &arguments).await.is_none() {
            return;
        }
    }
}
