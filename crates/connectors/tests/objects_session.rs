//! Keys of buckets that expire: moto with its checks of signatures, policies and tokens switched on.
#![cfg(feature = "objects")]

mod common;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use common::{collection, find, texts};
use probity_connectors::{Access, open};

struct Server {
    child: Child,
    url: String,
    python: PathBuf,
}

impl Server {
    /// The first five acts are free: they make who may do what.
    fn start() -> Option<Self> {
        let moto = std::env::var_os("PROBITY_TEST_MOTO").map(PathBuf::from);
        assert!(moto.is_some() || std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "run tests/services s3 -- …");
        let moto = moto?;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(&moto)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .env("INITIAL_NO_AUTH_ACTION_COUNT", "5")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Server { child, url: format!("http://127.0.0.1:{port}"), python: moto.with_file_name("python") };
        for _ in 0..300 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(server);
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("moto_server does not come up");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A bucket, an object, a role that may read them, and keys of that role with their token.
const FILL: &str = r#"
import boto3, json, sys
def client(name): return boto3.client(name, endpoint_url=sys.argv[1], aws_access_key_id='a', aws_secret_access_key='b', region_name='us-east-1')
iam, sts, s3 = client('iam'), client('sts'), client('s3')
trust = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': '*', 'Action': 'sts:AssumeRole'}]}
may = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 's3:*', 'Resource': '*'}]}
role = iam.create_role(RoleName='reader', AssumeRolePolicyDocument=json.dumps(trust))['Role']['Arn']
iam.put_role_policy(RoleName='reader', PolicyName='may', PolicyDocument=json.dumps(may))
s3.create_bucket(Bucket='crm')
s3.put_object(Bucket='crm', Key='sheet.csv', Body=b'id,mail\n1,ann@example.org\n')
keys = sts.assume_role(RoleArn=role, RoleSessionName='probity')['Credentials']
print(keys['AccessKeyId'], keys['SecretAccessKey'], keys['SessionToken'])
"#;

#[test]
fn the_token_of_a_session_goes_with_its_keys() {
    let Some(server) = Server::start() else { return };
    let made = Command::new(&server.python).args(["-c", FILL, &server.url]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made = String::from_utf8(made.stdout).unwrap();
    let words: Vec<&str> = made.split_whitespace().collect();
    let [id, secret, token] = words.as_slice() else { panic!("{made}") };
    let access = |secret: &str, token: Option<&str>| Access {
        endpoint: Some(server.url.clone()),
        user: Some((*id).to_owned()),
        password: Some(secret.to_owned().into()),
        session_token: token.map(|token| token.to_owned().into()),
        ..Access::default()
    };
    let mapped = || vec![collection("sheet", &[("keys", "sheet.csv")], &["*id", "mail"])];
    let asked = |access: Access| {
        let mut store = open("s3://crm", &access, &common::dataset(mapped()))?;
        find(&mut *store, "sheet", &["mail"], &[]).map(|rows| texts(&rows).join(" "))
    };
    assert_eq!(asked(access(secret, Some(token))).unwrap(), "ann@example.org");
    for (secret, token) in [(*secret, None), (*secret, Some("another")), ("wrong", Some(*token))] {
        let fault = asked(access(secret, token)).unwrap_err();
        assert!(["store-login-refused", "store-permission"].contains(&fault.code()), "{fault}");
        assert!(!fault.message().contains(secret), "{fault}");
    }
}
