//! In which country a region of a cloud lies, as far as its makers say.
//!
//! Source: AWS «Regions and Zones», Google Cloud «Geography and regions», Azure «Regions» (2026). Countries are those of
//! ISO 3166-1 alpha-2.

/// Names of regions, and their country. AWS numbers the regions of a place, Google Cloud too; names end with that number.
const REGIONS: &[(&str, &str)] = &[
    ("af-south-1", "ZA"),
    ("ap-east-1", "HK"),
    ("ap-east-2", "TW"),
    ("ap-northeast-1", "JP"),
    ("ap-northeast-2", "KR"),
    ("ap-northeast-3", "JP"),
    ("ap-south-1", "IN"),
    ("ap-south-2", "IN"),
    ("ap-southeast-1", "SG"),
    ("ap-southeast-2", "AU"),
    ("ap-southeast-3", "ID"),
    ("ap-southeast-4", "AU"),
    ("ap-southeast-5", "MY"),
    ("ap-southeast-6", "NZ"),
    ("ap-southeast-7", "TH"),
    ("ca-central-1", "CA"),
    ("ca-west-1", "CA"),
    ("cn-north-1", "CN"),
    ("cn-northwest-1", "CN"),
    ("eu-central-1", "DE"),
    ("eu-central-2", "CH"),
    ("eu-north-1", "SE"),
    ("eu-south-1", "IT"),
    ("eu-south-2", "ES"),
    ("eu-west-1", "IE"),
    ("eu-west-2", "GB"),
    ("eu-west-3", "FR"),
    ("eusc-de-east-1", "DE"),
    ("il-central-1", "IL"),
    ("me-central-1", "AE"),
    ("me-south-1", "BH"),
    ("mx-central-1", "MX"),
    ("sa-east-1", "BR"),
    ("us-east-1", "US"),
    ("us-east-2", "US"),
    ("us-gov-east-1", "US"),
    ("us-gov-west-1", "US"),
    ("us-west-1", "US"),
    ("us-west-2", "US"),
    // Google Cloud.
    ("africa-south1", "ZA"),
    ("asia-east1", "TW"),
    ("asia-east2", "HK"),
    ("asia-northeast1", "JP"),
    ("asia-northeast2", "JP"),
    ("asia-northeast3", "KR"),
    ("asia-south1", "IN"),
    ("asia-south2", "IN"),
    ("asia-southeast1", "SG"),
    ("asia-southeast2", "ID"),
    ("australia-southeast1", "AU"),
    ("australia-southeast2", "AU"),
    ("europe-central2", "PL"),
    ("europe-north1", "FI"),
    ("europe-north2", "SE"),
    ("europe-southwest1", "ES"),
    ("europe-west1", "BE"),
    ("europe-west2", "GB"),
    ("europe-west3", "DE"),
    ("europe-west4", "NL"),
    ("europe-west6", "CH"),
    ("europe-west8", "IT"),
    ("europe-west9", "FR"),
    ("europe-west10", "DE"),
    ("europe-west12", "IT"),
    ("me-central1", "QA"),
    ("me-central2", "SA"),
    ("me-west1", "IL"),
    ("northamerica-northeast1", "CA"),
    ("northamerica-northeast2", "CA"),
    ("northamerica-south1", "MX"),
    ("southamerica-east1", "BR"),
    ("southamerica-west1", "CL"),
    ("us-central1", "US"),
    ("us-east1", "US"),
    ("us-east4", "US"),
    ("us-east5", "US"),
    ("us-south1", "US"),
    ("us-west1", "US"),
    ("us-west2", "US"),
    ("us-west3", "US"),
    ("us-west4", "US"),
    // Azure.
    ("australiaeast", "AU"),
    ("austriaeast", "AT"),
    ("brazilsouth", "BR"),
    ("canadacentral", "CA"),
    ("centralindia", "IN"),
    ("centralus", "US"),
    ("eastasia", "HK"),
    ("eastus", "US"),
    ("eastus2", "US"),
    ("francecentral", "FR"),
    ("germanywestcentral", "DE"),
    ("italynorth", "IT"),
    ("japaneast", "JP"),
    ("koreacentral", "KR"),
    ("northeurope", "IE"),
    ("norwayeast", "NO"),
    ("polandcentral", "PL"),
    ("southafricanorth", "ZA"),
    ("southcentralus", "US"),
    ("southeastasia", "SG"),
    ("spaincentral", "ES"),
    ("swedencentral", "SE"),
    ("switzerlandnorth", "CH"),
    ("uaenorth", "AE"),
    ("uksouth", "GB"),
    ("ukwest", "GB"),
    ("westeurope", "NL"),
    ("westus", "US"),
    ("westus2", "US"),
    ("westus3", "US"),
];

/// The country of a region, or of the region that a label of a host's name is; `None` where neither is known.
pub fn country(text: &str) -> Option<&'static str> {
    let text = text.to_ascii_lowercase();
    text.split('.').find_map(|label| {
        // Older names of S3 have the service before the region.
        let bare = label.strip_prefix("s3-").unwrap_or(label);
        REGIONS.iter().find(|(name, _)| *name == bare).map(|(_, country)| *country)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_found_in_names_of_hosts() {
        let check = |text, expect| assert_eq!(country(text), expect, "{text}");
        check("shop.abc123.us-east-1.rds.amazonaws.com", Some("US"));
        check("s3-eu-west-2.amazonaws.com", Some("GB"));
        check("EU-Central-1", Some("DE"));
        check("europe-west6", Some("CH"));
        check("westeurope", Some("NL"));
        check("db.example.org", None);
        check("us-east.example.org", None);
        check("", None);
    }
}
