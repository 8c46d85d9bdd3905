import{o,D as a}from"./index-ZGFVNdj2.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
