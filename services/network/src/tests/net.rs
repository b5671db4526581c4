use super::{api, database, from, manager, profile, refused, register};
use bildung_chassis::{Kind, Principal};
use bildung_proto::rpc::network as pb;
use pb::network_server::Network as _;

#[tokio::test]
async fn the_net_shows_what_its_reader_may_see() {
    let db = database().await;
    let api = api(&db);
    let mut ids = Vec::new();
    for (name, types) in [("Amt", "authority"), ("Bücherei", "library"), ("Chor", "association")] {
        ids.push(register(&db, profile(name, &[types], &["work"])).await.id.to_string());
    }
    for (one, other, state) in [(0, 1, "active"), (1, 2, "wished")] {
        let asked = pb::AddCooperationRequest {
            from_actor_id: ids[one].clone(),
            to_actor_id: ids[other].clone(),
            r#type: "referral".to_owned(),
            strength: 4,
            state: state.to_owned(),
            ..Default::default()
        };
        api.add_cooperation(from(&manager(), asked)).await.unwrap();
    }
    let net = async |principal: &Principal, asked: pb::GetNetworkRequest| {
        let net = api.get_network(from(principal, asked)).await.unwrap().into_inner();
        (net.nodes.iter().map(|node| (node.name.clone(), node.degree)).collect::<Vec<_>>(), net.edges.len())
    };
    let named = |degrees: [u32; 3]| ["Amt", "Bücherei", "Chor"].map(str::to_owned).into_iter().zip(degrees).collect::<Vec<_>>();
    let asked = pb::GetNetworkRequest::default;
    assert_eq!(net(&Principal::Resident, asked()).await, (named([1, 1, 0]), 1));
    assert_eq!(net(&manager(), asked()).await, (named([1, 2, 1]), 2));
    let wished = pb::GetNetworkRequest { states: vec!["wished".to_owned()], ..asked() };
    assert_eq!(net(&Principal::Resident, wished.clone()).await.1, 1, "a resident cannot ask for wishes");
    assert_eq!(net(&manager(), wished).await, (named([0, 1, 1]), 1));
    let part = pb::GetNetworkRequest { types: vec!["library".to_owned()], ..asked() };
    assert_eq!(net(&manager(), part).await, (vec![("Bücherei".to_owned(), 0)], 0));

    let table = async |view: &str| api.analyse(from(&manager(), pb::AnalyseRequest { view: view.to_owned() })).await.unwrap().into_inner();
    let degree = table("degree").await;
    assert_eq!((degree.actors, degree.cooperations), (3, 1));
    assert!((degree.density - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(degree.as_of, "2026-03-02T08:00:00Z");
    let isolates = table("isolates").await;
    let [chor] = isolates.rows.as_slice() else { panic!("{:?}", isolates.rows) };
    assert_eq!((chor.actor.as_ref().unwrap().name.as_str(), chor.intended), ("Chor", 1));
    assert_eq!(refused(api.analyse(from(&Principal::Resident, pb::AnalyseRequest::default())).await).kind, Kind::Unauthenticated);
    let unknown = pb::AnalyseRequest { view: "pagerank".to_owned() };
    assert_eq!(refused(api.analyse(from(&manager(), unknown)).await).code, "unknown_code");
}
